import ArgumentParser

/// The `registry-api` command.
@main
struct RegistryAPI: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registry-api",
    abstract: "Serves container clients: pushes go to this region's store, pulls come from the nearest copy.",
    discussion: """
      Every region runs the same file of configuration; only the preference of locations differs, which may be set by \
      the environment variable QUAY_DISTRIBUTED_STORAGE_PREFERENCE.

      Exit status: 0 success, 1 failure, 64 wrong use of the command line, 69 a service that is needed is away, 78 \
      wrong configuration.
      """,
    subcommands: [ServeCommand.self, MigrateCommand.self, ConfigCommand.self])
}
