import ArgumentParser

/// `replication-worker locations`: the list, unless something is to be done.
struct LocationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "locations", abstract: "List the locations, or make one read-only or active again.",
    subcommands: [LocationsListCommand.self, LocationsSetCommand.self], defaultSubcommand: LocationsListCommand.self)
}
