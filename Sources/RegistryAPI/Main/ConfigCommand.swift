import ArgumentParser
import Shared

/// `registry-api config`: commands about the configuration.
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Look at a configuration.", subcommands: [ConfigCheckCommand.self])
}

/// `registry-api config check FILE`: says what each process would do with a configuration.
struct ConfigCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check a configuration and explain what each process would do with it.",
    discussion: "Nothing is connected to. Exits with 78 where the configuration is refused.")

  @Argument(help: ArgumentHelp("The configuration, a YAML file with Quay's keys.", valueName: "file"))
  var file: String

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("registry-api") {
      let loaded = try Startup.configuration(path: file)
      let report = ConfigurationReport(loaded.configuration, notices: loaded.notices)
      CommandOutcome.say(json ? try report.json() : report.lines.joined(separator: "\n"))
    }
  }
}
