import ArgumentParser
import Foundation
import Shared

/// `replication-worker status`.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how far replication has come, everywhere or of one image.",
    discussion: """
      One line for each location, then one for each lane in which something waits, then a line for whatever needs a \
      person. All figures are of one instant and exact; the command is quick at any number of blobs.

        PENDING   jobs queued or being copied (lanes: urgent, normal, backfill)
        OLDEST    how long the oldest of them has waited
        FAILING   those of them that have failed and are tried again
        AT RISK   blobs whose only verified copy is at this location: what its loss would cost now (RPO)
        LAG       from the push to the copy, of the last thousand copies: half of them, and all but one in a hundred,
                  took no longer

      EXAMPLES
        replication-worker status --config config.yaml
        replication-worker status --config config.yaml --json
        replication-worker status --config config.yaml --max-at-risk 100   # for an alarm
        replication-worker status --config config.yaml --namespace team
        replication-worker status --config config.yaml --repository team/app
        replication-worker status --config config.yaml --image team/app:v1 # which of its blobs are where, and since when

      EXIT CODES
        0  nothing needs a person
        2  a job is parked, a blob has lost its last intact copy, or more blobs than --max-at-risk are at risk
        3  there is no such namespace, repository or image
        1  the status could not be read
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Print one JSON object for scripts.")
  var json = false

  @Option(help: ArgumentHelp("Alarm when more blobs than this have one copy only. Default: never.", valueName: "blobs"))
  var maxAtRisk: Int64?

  @OptionGroup(title: "A part of the registry")
  var part: ScopeOptions

  mutating func validate() throws {
    if let maxAtRisk, maxAtRisk < 0 { throw ValidationError("--max-at-risk is 0 or more") }
  }

  func run() async throws {
    try await CommandOutcome.report("replication-worker") { try await status() }
  }

  private func status() async throws {
    if let scope = try part.scope() { return try await inquire(scope) }
    let statuses = try await Startup.withCatalog(path: config, service: "replication-worker-status") { catalog in
      try await catalog.replicationStatus()
    }
    let alarms = StatusAlarm.alarms(of: statuses, maximumAtRisk: maxAtRisk)
    if json {
      CommandOutcome.say(try StatusReport(statuses, alarms: alarms).jsonText())
    } else {
      for line in StatusTable.lines(of: statuses) { CommandOutcome.say(line) }
      for alarm in alarms { CommandOutcome.say(alarm.line) }
    }
    if alarms.contains(where: \.needsPerson) { throw ExitCode(2) }
  }

  private func inquire(_ scope: ScopeOptions.Scope) async throws {
    let defaults = Set(try Startup.configuration(path: config).configuration.requiredLocations)
    try await Startup.withCatalog(path: config, service: "replication-worker-status") { catalog in
      let inquiry = ScopeInquiry(
        catalog: catalog, report: ScopeReport(defaults: defaults), json: json, say: { CommandOutcome.say($0) })
      try await inquiry.answer(scope)
    }
  }
}
