import Shared

/// Answers in `application/health+json` (draft-inadarei-api-health-check-06): a status, who says so, and one entry for each
/// thing measured under `component:measurement`.
struct HealthJSONBody {
  /// The version of these answers' shape.
  static let version = "1"

  let view: HealthView
  let showsDetails: Bool

  /// The status code and body of an endpoint; the code is the same as of the plain answer.
  func answer(to endpoint: HealthEndpoint) -> (code: Int, body: OrderedJSON) {
    let code = PlainBody(view: view, showsDetails: showsDetails).answer(to: endpoint).code
    switch endpoint {
    case .livez, .readyz:
      return (code, body(code == 200 ? .pass : .fail, about: "the health service of \(view.region)"))
    case .instance:
      return (code, components(view.own?.read.status, code, "region \(view.region), pulls"))
    case .endToEnd:
      return (code, components(view.own?.both.status, code, "region \(view.region), pulls and pushes"))
    case .warning:
      let disk = view.snapshot.components.filter { $0.component == ProbeTarget.disk.name }
      return (code, body(code == 200 ? .pass : .warn, about: "what wants attention", checks: checks(disk)))
    case .databaseRevision:
      let entry = Check(
        name: "schema:revision", component: "database", type: "datastore", status: code == 200 ? .pass : .fail,
        value: view.databaseRevision.map { .integer(Int64($0)) }, unit: "migration", timeMs: view.atMs, output: nil)
      return (code, body(code == 200 ? .pass : .fail, about: "the database's schema", checks: [entry]))
    case .regions:
      let statuses = view.verdicts.map(\.both.status)
      let status: ProbeStatus =
        statuses.allSatisfy { $0 == .pass } ? .pass : statuses.contains(where: \.servesTraffic) ? .warn : .fail
      return (code, body(status, about: "all regions", checks: view.verdicts.flatMap(checks(of:))))
    case .region(let name, let question):
      guard let verdict = view.verdict(on: name) else { return (code, .null) }
      return (
        code, body(verdict.judgement(for: question).status, about: "region \(name)", checks: checks(of: verdict))
      )
    }
  }

  private struct Check {
    let name: String
    let component: String?
    let type: String
    let status: ProbeStatus
    let value: OrderedJSON?
    let unit: String?
    let timeMs: Int64
    let output: String?
  }

  private func components(_ status: ProbeStatus?, _ code: Int, _ description: String) -> OrderedJSON {
    let home = ProbeTarget.storage(view.snapshot.home).name
    let shown = view.snapshot.components.filter {
      showsDetails || !$0.component.hasPrefix("storage:") || $0.component == home
    }
    return body(status ?? (code == 200 ? .pass : .fail), about: description, checks: checks(shown))
  }

  private func body(_ status: ProbeStatus, about description: String, checks: [Check] = []) -> OrderedJSON {
    var names: [String] = []
    for check in checks where !names.contains(check.name) { names.append(check.name) }
    let members = names.map { name in
      OrderedJSON.Member(name: name, value: .list(checks.filter { $0.name == name }.map(entry)))
    }
    return .members([
      "status": .text(word(status)), "version": .text(Self.version),
      "releaseId": .text("schema-\(view.programRevision)"), "serviceId": .text(view.region),
      "description": .text(description), "checks": members.isEmpty ? nil : .object(members),
    ])
  }

  private func entry(_ check: Check) -> OrderedJSON {
    .members([
      "componentId": check.component.map(OrderedJSON.text), "componentType": .text(check.type),
      "observedValue": check.value, "observedUnit": check.value == nil ? nil : check.unit.map(OrderedJSON.text),
      "status": .text(word(check.status)), "time": .text(HTTPDate.timestamp(ms: check.timeMs)),
      "output": showsDetails ? check.output.map(OrderedJSON.text) : nil,
    ])
  }

  /// The draft knows no "unknown": what is not known to work is said to fail.
  private func word(_ status: ProbeStatus) -> String { (status == .unknown ? .fail : status).rawValue }

  private func checks(_ components: [ComponentHealth]) -> [Check] {
    components.flatMap { component -> [Check] in
      let parts = component.component.split(separator: ":", maxSplits: 1)
      let kind = parts.first.map(String.init) ?? component.component
      let name = parts.dropFirst().first.map(String.init)
      let isStore = kind == "storage" || kind == "database" || kind == "redis"
      let type = isStore ? "datastore" : kind == "api" ? "component" : "system"
      let look = Check(
        name: "\(kind):responseTime", component: name, type: type, status: component.status,
        value: .integer(component.durationMs), unit: "ms", timeMs: component.observedAtMs, output: component.reason)
      guard let writes = component.writeStatus else { return [look] }
      return [
        look,
        Check(
          name: "\(kind):writes", component: name, type: type, status: writes, value: nil, unit: nil,
          timeMs: component.observedAtMs, output: component.writeReason),
      ]
    }
  }

  private func checks(of verdict: RegionVerdict) -> [Check] {
    [("read", verdict.read), ("write", verdict.write)].map { direction, judgement in
      Check(
        name: "\(direction):weight", component: verdict.region, type: "system", status: judgement.status,
        value: .integer(Int64(judgement.weight)), unit: "percent",
        timeMs: view.atMs - max(0, verdict.ageMs),
        output: judgement.reasons.isEmpty ? nil : judgement.reasons.map(\.text).joined(separator: "; "))
    }
  }
}
