import ArgumentParser
import Shared

/// `health-service status`.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how every region is judged, from what all health services published.",
    discussion: """
      Read from the database and from Redis, whichever is there; no health service is asked, so this works where none can \
      be reached. Regions that published nothing in the last seconds are unknown.

      EXIT CODES
        0   every region takes pulls and pushes
        2   some region does not, drained ones included
        69  neither the database nor Redis can be reached, 78 configuration to be mended

      EXAMPLES
        health-service status --config config.yaml
        health-service status --config config.yaml --json | jq -r '.regions[] | select(.write.weight == 0) | .region'
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Print one JSON object for scripts instead of text.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("health-service") {
      let report = try await FleetReport.read(path: config)
      if json {
        CommandOutcome.say(try report.healthJSON())
      } else {
        for line in report.lines { CommandOutcome.say(line) }
      }
      if report.regions.contains(where: { !$0.both.servesTraffic }) { throw ExitCode(2) }
    }
  }
}
