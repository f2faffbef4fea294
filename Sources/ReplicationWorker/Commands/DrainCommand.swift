import ArgumentParser
import Shared

/// `replication-worker drain`.
struct DrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Empty a location: nothing new goes there, and what is only there is copied away.",
    discussion: """
      The location becomes `draining`: it is read from, but gets no pushes and no copies any more, and the copies \
      ordered for it are ended. Every blob whose only good copy is there is copied to the locations its namespaces \
      require, or to the first other one, ahead of all backfills. At the end everything is looked at once more, and only \
      then the last line says:
        0 last copies at NAME: it can be removed
      Killed or interrupted, the command is simply run again.

      With --cancel the location is `joining` again: what it has missed meanwhile is ordered, and 'add-location NAME' \
      makes it active.

      EXIT CODES
        0  nothing would be lost with the location
        2  last copies are there that cannot be copied: see 'status'
        3  copies are in flight (--no-wait)
        64 no such location, 78 nowhere to copy to

      EXAMPLES
        replication-worker drain apstorage --config config.yaml
        replication-worker drain apstorage --config config.yaml --cancel
      """)

  @Argument(help: "The location's name.")
  var name: String

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Bring the location back instead.")
  var cancel = false

  @Flag(inversion: .prefixedNo, help: "Follow the copies to their end.")
  var wait = true

  @Flag(help: "Print one JSON object for scripts instead of text.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("replication-worker") {
      let code = try await OperatorSession.with(path: config, command: "drain") { session in
        cancel ? try await bringBack(session) : try await drain(session)
      }
      if code != 0 { throw ExitCode(code) }
    }
  }

  private func drain(_ session: OperatorSession) async throws -> Int32 {
    let location = try await session.location(name).id
    let defaults = try session.defaultLocations()
    try await session.change(location, from: [.joining, .active, .readOnly], to: .draining, isTextual: !json)
    let draining = Draining(session: session, location: location, defaults: defaults, isTextual: !json)
    let result = try await draining.run(waiting: wait)
    if json {
      try CommandOutcome.say(json: DrainReport(location: name, state: .draining, result: result))
    } else {
      for line in result.lines(at: location) { CommandOutcome.say(line) }
      CommandOutcome.say(result.line(at: location))
    }
    return result.exitCode
  }

  private func bringBack(_ session: OperatorSession) async throws -> Int32 {
    let location = try await session.location(name).id
    let defaults = try session.defaultLocations()
    try await session.change(location, from: [.draining, .active], to: .joining, isTextual: !json)
    let joining = Joining(session: session, location: location, defaults: defaults, isTextual: !json)
    let result = try await joining.run(waiting: false)
    try result.say(of: location, json: json)
    return result.gap.exitCode
  }
}

/// The JSON form of a drain; its keys are part of the command's contract.
struct DrainReport: Encodable {
  let location: String
  let state: String
  let lastCopies: Int64
  let lastCopyBytes: Int64
  let inFlight: Int64
  let garbage: Int64
  let uploads: Int64
  let isRemovable: Bool
  /// The first of the last copies.
  let digests: [String]

  enum CodingKeys: String, CodingKey {
    case location, state, garbage, uploads, digests
    case lastCopies = "last_copies"
    case lastCopyBytes = "last_copy_bytes"
    case inFlight = "in_flight"
    case isRemovable = "removable"
  }

  /// Takes the figures over.
  init(location: String, state: LocationState, result: Draining.Result) {
    self.location = location
    self.state = state.rawValue
    lastCopies = result.tally.blobs
    lastCopyBytes = result.tally.bytes
    inFlight = result.tally.inFlight
    garbage = result.tally.garbage
    uploads = result.uploads
    isRemovable = result.isSafe
    digests = result.listed.map(\.digest.description)
  }
}
