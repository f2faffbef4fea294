import Foundation
package import SharedObservability

/// The tables of docs/operations/metrics.md.
package struct MetricsDocument {
  /// Why the document cannot be read.
  package enum Failure: Error {
    case malformed(line: String)
  }

  /// Described metrics by the heading their table stands under, in the order they stand there.
  package private(set) var sections: [String: [MetricDescription]] = [:]

  /// Reads the document of this checkout.
  package init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    try self.init(text: String(contentsOf: root.appending(path: "docs/operations/metrics.md"), encoding: .utf8))
  }

  /// Reads rows `| names | kind | labels | meaning |` below headings of the second level.
  package init(text: String) throws {
    var heading = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("## ") { heading = String(line.dropFirst(3)) }
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard cells.count >= 3, cells[1].hasPrefix("`meridian_") || cells[1].hasPrefix("`process_") else { continue }
      guard cells.count == 6, let kind = MetricKind(rawValue: cells[2]), !cells[4].isEmpty else {
        throw Failure.malformed(line: String(line))
      }
      for name in Self.words(cells[1]) {
        let metric = MetricDescription(
          name: name.trimmingCharacters(in: CharacterSet(charactersIn: "`")), kind: kind,
          labels: Set(Self.words(cells[3])))
        sections[heading, default: []].append(metric)
      }
    }
  }

  /// What differs between the document and what an executable declares; empty where nothing does.
  package func differences(from declared: [MetricDescription], of executable: String) -> [String] {
    let always = ProcessMetric.allCases.map {
      MetricDescription(name: $0.rawValue, kind: $0.shape.kind, labels: $0.shape.labels)
    }
    let exposed = Dictionary((declared + always).map { ($0.name, $0) }) { first, _ in first }
    let rows = (sections["Every executable"] ?? []) + (sections[executable] ?? [])
    var described: [String: MetricDescription] = [:]
    var found: [String] = []
    for row in rows {
      if described.updateValue(row, forKey: row.name) != nil { found.append("\(row.name) is described twice") }
      guard let metric = exposed[row.name] else {
        found.append("\(row.name) is described, but \(executable) does not expose it")
        continue
      }
      if metric.kind != row.kind { found.append("\(row.name) is a \(metric.kind), described as a \(row.kind)") }
      if metric.labels != row.labels {
        found.append("\(row.name) has labels \(metric.labels.sorted()), described are \(row.labels.sorted())")
      }
    }
    for name in exposed.keys.sorted() where described[name] == nil {
      found.append("\(name) is exposed by \(executable) and not described")
    }
    return found
  }

  private static func words(_ cell: String) -> [String] {
    cell.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }
}
