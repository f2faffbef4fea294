import ArgumentParser
import Logging
import Shared

/// `registry-api migrate`: brings the database schema up to date and ends.
struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring the database schema up to date.",
    discussion: "Safe to run at any time and by several at once; `serve` does the same when it starts.")

  @Option(help: ArgumentHelp("The configuration, a YAML file with Quay's keys.", valueName: "file"))
  var config: String

  func run() async throws {
    try await CommandOutcome.report("registry-api") {
      let loaded = try Startup.configuration(path: config)
      LogSetup.bootstrap(service: "registry-api", region: loaded.configuration.region)
      let catalog = try await Startup.catalog(
        loaded.configuration, service: "registry-api", logger: Logger(label: "registry-api"))
      await catalog.close()
      CommandOutcome.say("the database schema is up to date")
    }
  }
}
