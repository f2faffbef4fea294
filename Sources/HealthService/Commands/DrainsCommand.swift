import ArgumentParser
import Shared

/// `health-service drains`.
struct DrainsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drains", abstract: "List the drains in force.",
    discussion: """
      EXAMPLE
        health-service drains --config config.yaml
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Print a JSON array for scripts instead of text.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("health-service") {
      let list = try await Startup.withCatalog(path: config, service: "health-service") { catalog in
        try await catalog.regionDrains()
      }
      guard !json else { return CommandOutcome.say(try list.drains.healthJSON()) }
      if list.drains.isEmpty { CommandOutcome.say("no region is drained") }
      for drain in list.drains { CommandOutcome.say(DrainText.line(drain, nowMs: list.nowMs)) }
    }
  }
}
