import ArgumentParser
import Shared

/// `health-service undrain`.
struct UndrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undrain", abstract: "End a region's drain.",
    discussion: """
      The region gets traffic again within five seconds, if its health allows.

      EXIT CODES
        0   ended
        2   there was no drain in force
        64  no such region, 69 no database, 78 configuration to be mended

      EXAMPLE
        health-service undrain us --config config.yaml
      """)

  @Argument(help: "The region's name in REGIONS.")
  var region: String

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Print one JSON object for scripts instead of text.")
  var json = false

  private struct Report: Encodable {
    let region: String
    let wasDrained: Bool
  }

  func run() async throws {
    try await CommandOutcome.report("health-service") {
      let wasDrained = try await HealthSession.with(path: config) { session in
        let name = try await session.region(region)
        let wasDrained = try await session.catalog.undrainRegion(name)
        await session.spreadDrains()
        return wasDrained
      }
      if json {
        CommandOutcome.say(try Report(region: region, wasDrained: wasDrained).healthJSON())
      } else {
        CommandOutcome.say(wasDrained ? "\(region) is no longer drained" : "\(region) was not drained")
      }
      if !wasDrained { throw ExitCode(2) }
    }
  }
}
