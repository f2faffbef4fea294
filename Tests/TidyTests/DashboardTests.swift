import Foundation
import Testing

@Suite("Dashboards and alert rules use only metrics that are described")
struct DashboardTests {
  /// The names in the first column of docs/operations/metrics.md, with their kinds.
  private static func described() throws -> [String: String] {
    var found: [String: String] = [:]
    for line in try SourceTree.file("docs/operations/metrics.md").lines where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count >= 3 else { continue }
      for name in cells[0].split(separator: ",") {
        found[name.trimmingCharacters(in: CharacterSet(charactersIn: "` "))] = cells[1]
      }
    }
    return found
  }

  /// What an expression names that is not described; a histogram is only ever asked for by its series.
  private static func unknown(in expression: String, _ described: [String: String]) -> [String] {
    expression.matches(of: /(?:meridian|process)_[a-z0-9_]+/).map { String($0.output) }.filter { name in
      let series = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) && described[name] == nil }
      guard let series else { return described[name] == nil || described[name] == "histogram" }
      return described[String(name.dropLast(series.count))] != "histogram"
    }
  }

  @Test func expressionsOfDashboards() throws {
    let described = try Self.described()
    #expect(described.count > 60, "the tables were read")
    let boards = try SourceTree.files(below: "deploy/grafana", suffix: ".json")
    #expect(
      boards.map(\.path).map { $0.split(separator: "/").last ?? "" } == [
        "api.json", "health.json", "overview.json", "regions.json", "replication.json", "stores.json",
      ])
    for board in boards {
      let document = try #require(try JSONSerialization.jsonObject(with: Data(board.text.utf8)) as? [String: Any])
      let panels = try #require(document["panels"] as? [[String: Any]])
      let expressions = panels.flatMap { $0["targets"] as? [[String: Any]] ?? [] }.compactMap { $0["expr"] as? String }
      #expect(expressions.count >= 6, "\(board.path) has panels")
      for expression in expressions {
        #expect(Self.unknown(in: expression, described) == [], "\(board.path): \(expression)")
        #expect(!expression.matches(of: /(?:meridian|process)_/).isEmpty, "\(board.path): \(expression)")
      }
      // No two panels in one place.
      let places = panels.compactMap { $0["gridPos"] as? [String: Int] }.map { [$0["x"], $0["y"]] }
      #expect(Set(places).count == panels.count, "\(board.path) has a panel on another one")
    }
  }

  @Test func rulesAndTheirRunbooks() throws {
    let described = try Self.described()
    let rules = try SourceTree.file("deploy/prometheus/meridian.rules.yml")
    // Only names in expressions: the recordings' and groups' have no underscore.
    #expect(Self.unknown(in: rules.text, described) == [])
    let alerts = rules.lines.compactMap { line in
      line.contains("- alert: ") ? line.split(separator: " ").last.map(String.init) : nil
    }
    let runbooks = rules.lines.filter { $0.contains("runbook: ") }.compactMap { line in
      line.split(separator: "#").last.map(String.init)
    }
    let headings = try SourceTree.file("docs/operations/alerts.md").lines.filter { $0.hasPrefix("### ") }.map {
      String($0.dropFirst(4))
    }
    #expect(alerts.count > 20)
    #expect(alerts == headings, "each rule has its section in docs/operations/alerts.md, in the same order")
    #expect(runbooks == alerts.map { $0.lowercased() }, "each rule points to its section")
  }
}
