import ArgumentParser
import Foundation
import Shared

/// `health-service drain`.
struct DrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain", abstract: "Have load balancers send a region no traffic.",
    discussion: """
      Every health service answers 503 for the region within five seconds, and 'drain' to agent checks: requests under \
      way go on, new ones go elsewhere. The order stands in the database and in Redis, so it survives restarts of \
      everything; it ends by itself after --for, by the database's clock, or with 'undrain'.

      A drained region comes back by itself only when every other region is failing.

      EXIT CODES
        0   ordered
        1   not confirmed
        64  no such region, 69 no database, 78 configuration to be mended

      EXAMPLES
        health-service drain us --reason "new disks" --config config.yaml
        health-service drain eu --reason "store maintenance" --for 2h --write --config config.yaml
      """)

  @Argument(help: "The region's name in REGIONS.")
  var region: String

  @Option(help: "Why, one line; shown on the status page.")
  var reason: String

  @Option(name: .customLong("for"), help: "How long: a number with s, m, h or d; without it until 'undrain'.")
  var duration: DrainDuration?

  @Flag(help: "Keep only pulls away.")
  var read = false

  @Flag(help: "Keep only pushes away.")
  var write = false

  @Option(help: "Who orders it; by default the user of this session.")
  var by: String?

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Do not ask when no region would be left.")
  var yes = false

  @Flag(help: "Print one JSON object for scripts instead of text.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("health-service") {
      try await HealthSession.with(path: config) { try await work($0) }
    }
  }

  private func work(_ session: HealthSession) async throws {
    let name = try await session.region(region)
    guard reason.contains(where: { !$0.isWhitespace }) else {
      throw StartupError.wrongUse("--reason is empty: say why, others will wonder")
    }
    // Both at once is what neither means.
    let direction: RegionDrain.Direction = read == write ? .both : read ? .read : .write
    let before = try await session.catalog.regionDrains().drains
    let rest = try await session.knownRegions().subtracting(before.map(\.region)).subtracting([region])
    if rest.isEmpty {
      let question = "No region will be left that is not drained, and load balancers will find none. Drain \(region)?"
      guard try await Confirmation().confirm(question, isGiven: yes) else { throw ExitCode(1) }
    }
    let environment = ProcessInfo.processInfo.environment
    let who = by ?? environment["SUDO_USER"] ?? environment["USER"] ?? "an operator"
    let drain = try await session.catalog.drainRegion(
      name, direction: direction, reason: reason, by: who, for: duration?.duration)
    await session.spreadDrains()
    guard !json else { return CommandOutcome.say(try drain.healthJSON()) }
    if let last = before.first(where: { $0.region == region }) {
      CommandOutcome.remark("in place of: \(DrainText.line(last, nowMs: drain.sinceMs))")
    }
    CommandOutcome.say(DrainText.line(drain, nowMs: drain.sinceMs))
  }
}
