import ArgumentParser
import Shared

/// `replication-worker add-location`.
struct AddLocationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add-location", abstract: "Fill a location with everything it must hold, then declare it active.",
    discussion: """
      The location must be in DISTRIBUTED_STORAGE_CONFIG of the file given. It is `joining` while it is filled: it takes \
      new copies at once, and what is missing is ordered in the backfill lane and followed. Once nothing is missing it \
      is `active`. Killed or interrupted, the command is simply run again. A worker has to run for the location:
        replication-worker run --config config.yaml --locations NAME

      The name of a removed location is never taken again; give the new one another name.

      EXIT CODES
        0  active, nothing missing
        2  something is parked or has lost its source: still joining
        3  copies are in flight (--no-wait): still joining
        64 no such location, 78 configuration to be mended

      EXAMPLES
        replication-worker add-location apstorage --config config.yaml
      """)

  @Argument(help: "The location's name in DISTRIBUTED_STORAGE_CONFIG.")
  var name: String

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(inversion: .prefixedNo, help: "Follow the copies until the location is active.")
  var wait = true

  @Flag(help: "Print one JSON object for scripts instead of text.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("replication-worker") {
      let gap = try await OperatorSession.with(path: config, command: "add-location") { try await work($0) }
      try gap.exit()
    }
  }

  private func work(_ session: OperatorSession) async throws -> ReplicationGap {
    let locations = session.configuration.locations
    guard let location = locations.first(where: { $0.id.description == name }) else {
      throw StartupError.locationUnknown(name, known: locations.map(\.id))
    }
    let defaults = try session.defaultLocations()
    try await session.catalog.registerLocations([(location.id, location.engine.engineName)])
    let before = try await session.location(name).state
    switch before {
    case .joining, .active: break
    case .removed:
      throw StartupError.wrongUse(
        "\(name) was removed and its name is reserved, for the bucket may hold objects of that time: give the location "
          + "another name")
    case .draining: throw StartupError.wrongUse("\(name) is draining: 'drain \(name) --cancel' brings it back")
    case .readOnly: throw StartupError.wrongUse("\(name) is read-only: 'locations set \(name) active' brings it back")
    }
    let joining = Joining(session: session, location: location.id, defaults: defaults, isTextual: !json)
    let result = try await joining.run(waiting: wait)
    try conclude(result, before: before, isDefault: defaults.contains(location.id))
    return result.gap
  }

  private func conclude(_ result: Joining.Result, before: LocationState, isDefault: Bool) throws {
    guard !json else {
      return try CommandOutcome.say(
        json: LocationReport(location: name, state: result.state, gap: GapReport(result.gap)))
    }
    if !isDefault {
      CommandOutcome.say(
        "\(name) is not among DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS: it gets only what a namespace asks for "
          + "('namespace NAME --add \(name)')")
    }
    for line in result.gap.advice { CommandOutcome.say(line) }
    CommandOutcome.say(result.gap.line)
    let change =
      before == result.state
      ? "\(name) is \(result.state.rawValue)" : "\(name): \(before.rawValue) -> \(result.state.rawValue)"
    CommandOutcome.say(change)
  }
}

/// The JSON form of a command that brings a location into a state; its keys are part of the commands' contract.
struct LocationReport: Encodable {
  let location: String
  let state: LocationState
  let gap: GapReport

  enum CodingKeys: String, CodingKey { case location, state }

  func encode(to encoder: any Encoder) throws {
    try gap.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(location, forKey: .location)
    try container.encode(state.rawValue, forKey: .state)
  }
}
