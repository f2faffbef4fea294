import ArgumentParser
import Shared

/// `replication-worker locations list`, and `locations` alone.
struct LocationsListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the locations: state, engine, what is there, and what this file says of them.",
    discussion: """
      STATE
        joining    being filled; 'add-location NAME' makes it active once nothing is missing
        active     in use
        draining   being emptied: read from, not written to
        read-only  read from and otherwise left as it is; see 'locations set --help'
        removed    gone; the name is reserved
      The last column is what the configuration file given makes of the location: home (pushes of this region go \
      there), default (every blob must be there), read (only read from), or that it is not in the file.

      EXAMPLES
        replication-worker locations --config config.yaml
        replication-worker locations --config config.yaml --json
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Print one JSON object for scripts.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("replication-worker") {
      let configuration = try Startup.configuration(path: config).configuration
      let rows = try await Startup.withCatalog(path: config, service: "replication-worker-locations") { catalog in
        let counts = try await catalog.locationCounts()
        return try await catalog.locationRecords().map { record in
          Row(record, counts[record.id] ?? LocationCounts(), configuration)
        }
      }
      try say(rows, configuration)
    }
  }

  private func say(_ rows: [Row], _ configuration: Configuration) throws {
    guard !json else {
      return try CommandOutcome.say(
        json: Report(configuration: config, fingerprint: configuration.fingerprint, locations: rows))
    }
    let table = TextTable(
      header: ["LOCATION", "STATE", "ENGINE", "BLOBS", "BYTES", "PENDING", "PARKED", "LOST", "BAD", "IN THE FILE"])
    for line in table.lines(rows.map(\.cells)) { CommandOutcome.say(line) }
    CommandOutcome.say("from \(config), fingerprint \(configuration.fingerprint.prefix(12))")
  }

  /// One location; the JSON keys are part of the command's contract.
  struct Row: Encodable {
    let location: String
    let state: String
    let engine: String
    let blobs: Int64
    let bytes: Int64
    let pending: Int64
    let parked: Int64
    let sourceLost: Int64
    let quarantined: Int64
    /// What the file says: home, default, read; empty where the file does not know it.
    let roles: [String]

    enum CodingKeys: String, CodingKey {
      case location, state, engine, blobs, bytes, pending, parked, quarantined, roles
      case sourceLost = "source_lost"
    }

    /// Puts together what the catalog and the file say.
    init(_ record: LocationRecord, _ counts: LocationCounts, _ configuration: Configuration) {
      location = record.id.description
      state = record.state.rawValue
      engine = record.engineName
      (blobs, bytes, pending) = (counts.blobs, counts.bytes, counts.pending)
      (parked, sourceLost, quarantined) = (counts.parked, counts.sourceLost, counts.quarantined)
      var roles: [String] = []
      if configuration.home == record.id { roles.append("home") }
      if configuration.defaultLocations.contains(record.id) { roles.append("default") }
      if roles.isEmpty, configuration.location(record.id) != nil { roles.append("read") }
      self.roles = roles
    }

    /// The cells of the table.
    var cells: [String] {
      [
        location, state, engine, ProgressUnit.grouped(blobs), ProgressUnit.size(bytes), ProgressUnit.grouped(pending),
        ProgressUnit.grouped(parked), ProgressUnit.grouped(sourceLost), ProgressUnit.grouped(quarantined),
        roles.isEmpty ? "not in the file" : roles.joined(separator: ", "),
      ]
    }
  }

  /// The JSON form; its keys are part of the command's contract.
  struct Report: Encodable {
    let configuration: String
    let fingerprint: String
    let locations: [Row]
  }
}
