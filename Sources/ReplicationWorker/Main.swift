import ArgumentParser

/// `replication-worker`: copies blobs between the object stores of all locations and tells where replication stands.
@main
struct ReplicationWorker: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replication-worker",
    abstract: "Copies pushed blobs to every location that must hold them, verified.",
    discussion: """
      A worker takes jobs for the locations of its own region from the Redis queue, and from the database where Redis \
      has lost them. Any number of workers may run on any number of machines; each job is done by one at a time.

      EXAMPLES
        replication-worker run --config config.yaml
        replication-worker run --config config.yaml --locations eustorage
        replication-worker status --config config.yaml --json
      """,
    subcommands: [
      RunCommand.self, StatusCommand.self,
      BackfillCommand.self, LocationsCommand.self, AddLocationCommand.self, DrainCommand.self,
      RemoveLocationCommand.self, NamespaceCommand.self, RetryCommand.self,
      CollectCommand.self, VerifyCommand.self, RepairCommand.self,
    ])
}
