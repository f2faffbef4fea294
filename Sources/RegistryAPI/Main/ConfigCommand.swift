import ArgumentParser
import Foundation
import Shared

/// `registry-api config`: commands about the configuration.
struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Look at a configuration.", subcommands: [ConfigCheckCommand.self])
}

/// `registry-api config check FILE`: says what each process would do with a configuration, and tries its stores.
struct ConfigCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check a configuration and explain what each process would do with it.",
    discussion: """
      Nothing is connected to, unless --probe is given: then every location is tried with the credentials of the file, \
      from this machine. A few megabytes are written under the storage path, read back whole and in part, uploaded in \
      parts, fetched by a presigned URL and deleted again; a table says how many milliseconds each took.

      Examples:
        registry-api config check /etc/meridian/config.yaml
        registry-api config check --probe /etc/meridian/config.yaml
        registry-api config check --probe --location eustorage --json /etc/meridian/config.yaml

      Exit status: 0 all is well, 69 a location cannot be used, 78 the configuration has to be mended.
      """)

  @Argument(help: ArgumentHelp("The configuration, a YAML file with Quay's keys.", valueName: "file"))
  var file: String

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @Flag(help: "Try every location: reach, write, read, range, multipart, presign, delete.")
  var probe = false

  @Option(help: ArgumentHelp("With --probe: try only this location; may be given several times.", valueName: "id"))
  var location: [String] = []

  @Option(help: ArgumentHelp("With --probe: the most seconds one step may take.", valueName: "seconds"))
  var deadline = 20

  func validate() throws {
    guard (1...600).contains(deadline) else { throw ValidationError("--deadline must be from 1 to 600 seconds") }
    guard probe || location.isEmpty else { throw ValidationError("--location is of use with --probe only") }
  }

  func run() async throws {
    try await CommandOutcome.report("registry-api") {
      let loaded = try Startup.configuration(path: file)
      let report = ConfigurationReport(loaded.configuration, notices: loaded.notices)
      guard probe else {
        CommandOutcome.say(json ? try report.json() : report.lines.joined(separator: "\n"))
        return
      }
      let chosen = try chosenLocations(loaded.configuration.locations)
      if !json { CommandOutcome.say((report.lines + ["", "probe"]).joined(separator: "\n")) }
      let trials = await LocationTrials.run(chosen, deadline: .seconds(deadline))
      if json {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let both = ProbedConfiguration(configuration: report, probe: trials)
        CommandOutcome.say(String(decoding: try encoder.encode(both), as: UTF8.self))
      } else {
        CommandOutcome.say(trials.lines.map { "  \($0)" }.joined(separator: "\n"))
      }
      guard trials.exitCode == 0 else { throw ExitCode(trials.exitCode) }
    }
  }

  private func chosenLocations(_ known: [LocationSettings]) throws -> [LocationSettings] {
    guard !location.isEmpty else { return known }
    return try location.map { name in
      guard let found = known.first(where: { $0.id.description == name }) else {
        throw StartupError.wrongUse(
          "--location: '\(Excerpt(name))' is not a configured location (there are "
            + known.map(\.id.description).joined(separator: ", ") + ")")
      }
      return found
    }
  }
}

/// What `config check --probe --json` prints.
private struct ProbedConfiguration: Encodable {
  let configuration: ConfigurationReport
  let probe: LocationTrials
}
