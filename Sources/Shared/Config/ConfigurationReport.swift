import Foundation
import SharedModel

/// What each process would do with a configuration in this region, for `registry-api config check FILE`.
///
/// Holds no secret. `lines` is for people, `json()` for tools.
package struct ConfigurationReport: Sendable, Hashable, Codable {
  package struct Location: Sendable, Hashable, Codable {
    package let id: String
    package let engine: String
    /// Where the bytes are.
    package let place: String
    package let publicEndpoint: String?
    /// Whether this build can open it.
    package let isAvailable: Bool
    /// Its place in this region's reading order, 1 for the home location; nil where the preference leaves it out.
    package let preference: Int?
    /// Whether every blob is to be copied there.
    package let isRequired: Bool
  }

  package struct Process: Sendable, Hashable, Codable {
    package let name: String
    package let actions: [String]
  }

  package let region: String
  package let home: String
  package let url: String
  package let fingerprint: String
  package let locations: [Location]
  package let processes: [Process]
  package let notices: [String]

  /// Explains a configuration and what was noticed when it was loaded.
  package init(_ configuration: Configuration, notices: [ConfigurationNotice]) {
    region = configuration.region.description
    home = configuration.home.description
    url = "\(configuration.urlScheme)://\(configuration.serverHostname)"
    fingerprint = configuration.fingerprint
    locations = configuration.locations.map { location in
      Location(
        id: location.id.description, engine: location.engine.engineName, place: location.engine.summary,
        publicEndpoint: location.publicEndpoint, isAvailable: location.engine.isAvailable,
        preference: configuration.preference.firstIndex(of: location.id).map { $0 + 1 },
        isRequired: configuration.requiredLocations.contains(location.id))
    }
    processes = [
      Process(name: "registry-api", actions: ReportedActions.registryAPI(configuration)),
      Process(name: "replication-worker", actions: ReportedActions.replicationWorker(configuration)),
      Process(name: "health-service", actions: ReportedActions.healthService(configuration)),
    ]
    self.notices = notices.map(\.description)
  }

  /// The report as lines of plain text.
  package var lines: [String] {
    var lines = ["region \(region): home location \(home), served as \(url)", "", "locations"]
    for location in locations {
      let read = location.preference.map { $0 == 1 ? "home" : "read \($0)." } ?? "read last"
      let roles = [
        read, location.isRequired ? "gets a copy of everything" : nil, location.isAvailable ? nil : "NOT AVAILABLE",
      ]
      lines.append(
        "  \(location.id): \(location.engine) at \(location.place) (\(roles.compactMap(\.self).joined(separator: ", ")))"
      )
      if let endpoint = location.publicEndpoint { lines.append("    clients reach it as \(endpoint)") }
    }
    for process in processes {
      lines += ["", process.name] + process.actions.map { "  - \($0)" }
    }
    if !notices.isEmpty { lines += ["", "notices"] + notices.map { "  - \($0)" } }
    lines += ["", "fingerprint \(fingerprint)"]
    return lines
  }

  /// The report as one JSON object with sorted keys; throws only what `JSONEncoder` throws.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
