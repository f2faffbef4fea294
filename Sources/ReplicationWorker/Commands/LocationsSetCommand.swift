import ArgumentParser
import Shared

/// `replication-worker locations set`.
struct LocationsSetCommand: AsyncParsableCommand {
  /// What a location can be set to.
  enum Wish: String, ExpressibleByArgument, CaseIterable {
    case readOnly = "read-only"
    case active
  }

  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Make a location read-only, or active again (G18).",
    discussion: """
      A read-only location serves pulls and is otherwise left as it is: pushes go to the next location of the \
      preference within seconds, in every region (one under way may end there); copies ordered for it are ended; \
      nothing in it is deleted; health checks only read. What is pushed meanwhile is copied to the other locations.

      Set to active, it is `joining` first: what it has missed is ordered and followed, and once nothing is missing it \
      is active. It takes pushes again at once.

      EXIT CODES
        0  read-only, or active with nothing missing
        2  something is parked or has lost its source: still joining
        3  copies are in flight (--no-wait): still joining
        64 no such location, or one that is draining or removed

      EXAMPLES
        replication-worker locations set eustorage read-only --config config.yaml
        replication-worker locations set eustorage active --config config.yaml
      """)

  @Argument(help: "The location's name.")
  var name: String

  @Argument(help: "read-only or active.")
  var state: Wish

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(inversion: .prefixedNo, help: "Follow the copies until the location is active.")
  var wait = true

  @Flag(help: "Print one JSON object for scripts instead of text.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("replication-worker") {
      let code = try await OperatorSession.with(path: config, command: "locations") { session in
        switch state {
        case .readOnly: try await close(session)
        case .active: try await open(session)
        }
      }
      if code != 0 { throw ExitCode(code) }
    }
  }

  private func close(_ session: OperatorSession) async throws -> Int32 {
    let location = try await session.location(name).id
    try await session.change(location, from: [.joining, .active], to: .readOnly, isTextual: !json)
    // Those a worker is at end by themselves; what is missing is ordered again when the location is active.
    var position: JobID? = JobID(rawValue: 0)
    while let from = position { position = try await session.catalog.endJobs(at: location, after: from).next }
    let uploads = try await session.catalog.uploadCount(at: location)
    if json {
      try CommandOutcome.say(
        json: ClosedReport(location: name, state: LocationState.readOnly.rawValue, uploads: uploads))
    } else if uploads > 0 {
      CommandOutcome.say("\(uploads) uploads that began at \(name) may still end there")
    }
    return 0
  }

  private func open(_ session: OperatorSession) async throws -> Int32 {
    let record = try await session.location(name)
    let (location, before) = (record.id, record.state)
    // Without replication there is nothing to be made up for.
    guard session.configuration.replicationEnabled, before != .active else {
      try await session.change(location, from: [.readOnly, .joining], to: .active, isTextual: !json)
      if json {
        try CommandOutcome.say(json: ClosedReport(location: name, state: LocationState.active.rawValue, uploads: nil))
      } else if before == .active {
        CommandOutcome.say("\(name) is active")
      }
      return 0
    }
    let defaults = try session.defaultLocations()
    try await session.change(location, from: [.readOnly, .joining], to: .joining, isTextual: !json)
    let joining = Joining(session: session, location: location, defaults: defaults, isTextual: !json)
    let result = try await joining.run(waiting: wait)
    try result.say(of: location, json: json)
    return result.gap.exitCode
  }
}

/// The JSON form of a change of state that orders no copies; its keys are part of the command's contract.
private struct ClosedReport: Encodable {
  let location: String
  let state: String
  let uploads: Int64?
}
