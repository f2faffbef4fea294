import ArgumentParser
import Shared

/// `replication-worker namespace`.
struct NamespaceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "namespace", abstract: "Say, or change, where a namespace's blobs must be.",
    discussion: """
      A namespace (the first part of a repository's name) follows DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS unless it adds \
      a location or leaves one out. Adding orders copies of everything the namespace has already, in the backfill \
      lane; a worker finishes that where this command is killed. Leaving a location out deletes nothing: copies that \
      are there stay.

      Without an option that changes something, prints what holds. With --json as one object.

      EXIT CODES
        0  everything is where the namespace needs it
        2  something is parked or has lost its source
        3  copies are in flight
        64 no such location, or one that takes no copies

      EXAMPLES
        replication-worker namespace team --config config.yaml
        replication-worker namespace team --config config.yaml --add apstorage --wait
        replication-worker namespace team --config config.yaml --exclude eustorage
        replication-worker namespace team --config config.yaml --default apstorage --default eustorage
      """)

  @Argument(help: "The namespace; one without repositories yet may be prepared.")
  var name: String

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Option(help: ArgumentHelp("Its blobs must be at this location; may be repeated.", valueName: "location"))
  var add: [String] = []

  @Option(help: ArgumentHelp("Its blobs need not be at this location; may be repeated.", valueName: "location"))
  var exclude: [String] = []

  @Option(
    name: .customLong("default"),
    help: ArgumentHelp("The defaults decide on this location again; may be repeated.", valueName: "location"))
  var byDefault: [String] = []

  @Flag(help: "Follow the copies until nothing is in flight.")
  var wait = false

  @Flag(help: "Print one JSON object for scripts instead of text.")
  var json = false

  mutating func validate() throws {
    let named = add + exclude + byDefault
    if Set(named).count != named.count { throw ValidationError("a location is named twice") }
    guard (1...255).contains(name.utf8.count), !name.contains("/"), !name.contains(where: \.isWhitespace) else {
      throw ValidationError(
        "'\(name.prefix(100))' is no namespace: it is the part of a repository's name before the first slash")
    }
  }

  func run() async throws {
    try await CommandOutcome.report("replication-worker") {
      let gap = try await OperatorSession.with(path: config, command: "namespace") { try await work($0) }
      try gap.exit()
    }
  }

  private func work(_ session: OperatorSession) async throws -> ReplicationGap {
    let defaults = try session.defaultLocations()
    let changes: [([String], Bool?)] = [(add, true), (exclude, false), (byDefault, nil)]
    // All names are looked up before anything is changed.
    var wishes: [(LocationRecord, Bool?)] = []
    for (names, wish) in changes {
      for location in names { wishes.append((try await session.location(location), wish)) }
    }
    for (record, wish) in wishes where wish == true && !record.state.takesCopies {
      throw StartupError.wrongUse("\(record.id) is \(record.state.rawValue) and takes no copies")
    }
    for (record, wish) in wishes {
      try await session.catalog.setNamespaceLocation(namespace: name, location: record.id, required: wish)
    }
    let filling = Filling(
      session: session, scope: BackfillScope(namespace: name), defaults: defaults, isTextual: !json)
    if wishes.contains(where: { $0.1 != false }) { _ = try await filling.order() }
    let gap = try await filling.gap(waiting: wait)
    try conclude(try await rows(session, defaults), gap)
    return gap
  }

  private func rows(_ session: OperatorSession, _ defaults: [LocationID]) async throws -> [Row] {
    let rules = Dictionary(
      try await session.catalog.namespaceLocations(name).map { ($0.location, $0.isRequired) }
    ) { first, _ in first }
    return try await session.catalog.locationRecords().filter { $0.state != .removed }.map { record in
      Row(
        location: record.id.description, state: record.state.rawValue,
        isRequired: record.state.takesCopies && (rules[record.id] ?? defaults.contains(record.id)),
        origin: rules[record.id].map { $0 ? "added" : "excluded" }
          ?? (defaults.contains(record.id) ? "default" : "not a default"))
    }
  }

  private func conclude(_ rows: [Row], _ gap: ReplicationGap) throws {
    guard !json else {
      return try CommandOutcome.say(json: Report(namespace: name, locations: rows, gap: GapReport(gap)))
    }
    let table = TextTable(header: ["LOCATION", "STATE", "REQUIRED", "WHY"])
    for line in table.lines(rows.map { [$0.location, $0.state, $0.isRequired ? "yes" : "no", $0.origin] }) {
      CommandOutcome.say(line)
    }
    for line in gap.advice { CommandOutcome.say(line) }
    CommandOutcome.say(gap.line)
  }

  /// One location of the JSON form; the keys are part of the command's contract.
  struct Row: Encodable {
    let location: String
    let state: String
    let isRequired: Bool
    let origin: String

    enum CodingKeys: String, CodingKey {
      case location, state, origin
      case isRequired = "required"
    }
  }

  /// The JSON form; its keys are part of the command's contract.
  struct Report: Encodable {
    let namespace: String
    let locations: [Row]
    let gap: GapReport

    enum CodingKeys: String, CodingKey { case namespace, locations }

    func encode(to encoder: any Encoder) throws {
      try gap.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(namespace, forKey: .namespace)
      try container.encode(locations, forKey: .locations)
    }
  }
}
