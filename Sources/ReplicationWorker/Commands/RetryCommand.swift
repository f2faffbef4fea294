import ArgumentParser
import Shared

/// `replication-worker retry`.
struct RetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Send jobs on again that are parked, have lost their source, or keep failing.",
    discussion: """
      A job that failed too often is parked, and one of whose blob no intact copy is left has lost its source. Neither \
      is ever dropped; they wait for this command, or for a push of the same blob. Mend first what 'status' says is \
      wrong. Jobs sent on are due at once and start with a clean count of failures; one whose cause is still there \
      comes back to where it was.

      EXIT CODES
        0  done, whatever their number
        64 wrong command line, 69 database away, 78 configuration to be mended

      EXAMPLES
        replication-worker retry --parked --config config.yaml
        replication-worker retry --all --location eustorage --config config.yaml
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Option(help: ArgumentHelp("Only copies to this location.", valueName: "name"))
  var location: String?

  @Flag(help: "Jobs that are parked after too many failures.")
  var parked = false

  @Flag(help: "Jobs whose blob had no intact copy left.")
  var sourceLost = false

  @Flag(help: "Jobs that wait for another try after a failure: try now.")
  var failing = false

  @Flag(help: "All three.")
  var all = false

  @Flag(help: "Print one JSON object for scripts.")
  var json = false

  private static let batch = 1000

  mutating func validate() throws {
    guard parked || sourceLost || failing || all else {
      throw ValidationError("say which: --parked, --source-lost, --failing or --all")
    }
  }

  func run() async throws {
    try await CommandOutcome.report("replication-worker") {
      let count = try await OperatorSession.with(path: config, command: "retry") { try await work($0) }
      if json {
        try CommandOutcome.say(json: ["retried": count])
      } else {
        CommandOutcome.say("\(count) jobs sent on again")
      }
    }
  }

  private func work(_ session: OperatorSession) async throws -> Int {
    var target: LocationID?
    if let location {
      let record = try await session.location(location)
      guard record.state.takesCopies else {
        throw StartupError.wrongUse("\(location) is \(record.state.rawValue) and takes no copies")
      }
      target = record.id
    }
    var states: [JobState] = []
    if parked || all { states.append(.parked) }
    if sourceLost || all { states.append(.sourceLost) }
    if failing || all { states.append(.queued) }
    var count = 0
    while true {
      try Task.checkCancellation()
      // What is taken is in none of these states any more unless it failed anew meanwhile, which takes longer than this.
      let jobs = try await session.catalog.retryJobs(target: target, states: states, limit: Self.batch)
      if jobs.isEmpty { return count }
      count += jobs.count
      await session.announce(jobs)
    }
  }
}
