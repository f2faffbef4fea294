internal import Foundation
package import SharedConfig
internal import SharedModel
internal import SharedStorage

/// What trying each location of a configuration brought, for `registry-api config check --probe`.
///
/// Holds no secret. `lines` is for people, `json` for tools.
package struct LocationTrials: Sendable, Hashable, Codable {
  package struct Step: Sendable, Hashable, Codable {
    package let name: String
    /// `ok`, `failed`, `none` where the engine has no such thing, or `skipped`.
    package let outcome: String
    package let milliseconds: Double?
    package let reason: String?
  }

  package struct Location: Sendable, Hashable, Codable {
    package let id: String
    package let engine: String
    package let place: String
    package let isUsable: Bool
    /// Whether the configuration, not the store, stands in the way.
    package let isMisconfigured: Bool
    /// Empty where the store could not even be opened; `error` says why.
    package let steps: [Step]
    package let error: String?
  }

  package let locations: [Location]

  /// 0 where every location is usable, 78 where one's configuration has to be mended, else 69.
  package var exitCode: Int32 {
    if locations.contains(where: \.isMisconfigured) { return 78 }
    return locations.allSatisfy(\.isUsable) ? 0 : 69
  }

  /// Tries locations, all at once, each step within `deadline`.
  package static func run(_ locations: [LocationSettings], deadline: Duration) async -> LocationTrials {
    let found = await withTaskGroup(of: Location.self) { group in
      for location in locations { group.addTask { await trial(of: location, deadline: deadline) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    return LocationTrials(locations: found.sorted { $0.id < $1.id })
  }

  private static func trial(of location: LocationSettings, deadline: Duration) async -> Location {
    let store: any BlobStore
    do throws(StorageError) { store = try StoreFactory.open(location, maximumConnections: 4) } catch {
      return Location(location, isUsable: false, isMisconfigured: true, error: error.description)
    }
    var caBundlePath: String?
    if case .s3(let settings) = location.engine { caBundlePath = settings.caBundlePath }
    let findings = await StoreTrial(store, deadline: deadline, caBundlePath: caBundlePath).run()
    await store.close()
    let failures = findings.compactMap { finding -> StorageError? in
      if case .failed(let error, _) = finding.outcome { error } else { nil }
    }
    return Location(
      location, isUsable: failures.isEmpty, isMisconfigured: failures.contains(where: speaksOfConfiguration),
      steps: findings.map(Step.init))
  }

  private static func speaksOfConfiguration(_ error: StorageError) -> Bool {
    switch error {
    case .misconfigured, .wrongRegion: true
    default: false
    }
  }
}

extension LocationTrials.Location {
  fileprivate init(
    _ location: LocationSettings, isUsable: Bool, isMisconfigured: Bool, steps: [LocationTrials.Step] = [],
    error: String? = nil
  ) {
    self.init(
      id: location.id.description, engine: location.engine.engineName, place: location.engine.summary,
      isUsable: isUsable, isMisconfigured: isMisconfigured, steps: steps, error: error)
  }
}

extension LocationTrials.Step {
  fileprivate init(_ finding: StoreTrial.Finding) {
    let name = finding.step.rawValue
    switch finding.outcome {
    case .succeeded(let took): self.init(name: name, outcome: "ok", milliseconds: Self.milliseconds(took), reason: nil)
    case .failed(let error, let took):
      self.init(name: name, outcome: "failed", milliseconds: Self.milliseconds(took), reason: error.description)
    case .notOffered: self.init(name: name, outcome: "none", milliseconds: nil, reason: nil)
    case .notTried: self.init(name: name, outcome: "skipped", milliseconds: nil, reason: nil)
    }
  }

  /// With one decimal.
  private static func milliseconds(_ duration: Duration) -> Double {
    (duration / .milliseconds(1) * 10).rounded() / 10
  }
}

// MARK: - Words

extension LocationTrials {
  /// A table with a row for each location, then a line for each failure.
  package var lines: [String] {
    let steps = StoreTrial.Step.allCases.map(\.rawValue)
    var rows = [["location", "engine"] + steps.map { "\($0) ms" }]
    for location in locations {
      let cells = steps.map { step in location.steps.first { $0.name == step }?.cell ?? "-" }
      rows.append([location.id, location.engine] + cells)
    }
    let widths = rows.first?.indices.map { column in rows.map { $0[column].count }.max() ?? 0 } ?? []
    var lines = rows.map { row in
      zip(row, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        // Names to the left, figures to the right.
        return column < 2 ? cell.0 + padding : padding + cell.0
      }.joined(separator: "  ")
    }
    for location in locations {
      if let error = location.error { lines.append("\(location.id): \(error)") }
      for step in location.steps {
        if let reason = step.reason { lines.append("\(location.id): \(step.name): \(reason)") }
      }
      if location.steps.contains(where: { $0.outcome == "none" }) {
        lines.append("\(location.id): no presigned URLs; its bytes pass through the registry")
      }
    }
    let usable = locations.count(where: \.isUsable)
    lines.append(
      usable == locations.count
        ? "all \(usable) locations can be used" : "\(locations.count - usable) of \(locations.count) locations FAILED")
    return lines
  }
}

extension LocationTrials.Step {
  fileprivate var cell: String {
    switch outcome {
    case "ok": milliseconds.map { String(format: "%.1f", $0) } ?? "ok"
    case "failed": "FAILED"
    case "none": "none"
    default: "-"
    }
  }
}
