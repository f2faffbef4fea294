import ArgumentParser
import Shared

/// `replication-worker remove-location`.
struct RemoveLocationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove-location", abstract: "Take a location out of the registry for good.",
    discussion: """
      First prints what would go, and refuses where anything would be lost: while a blob's only good copy is there, or a \
      namespace with repositories asks for the location. Run 'drain NAME' first. Then asks, or takes --yes; without \
      either nothing is done. --dry-run ends after what would go.

      The removal is one transaction: placements, jobs, uploads and rules of the location go, all of them or none, and \
      no quarantine, collection or other removal at the same time can take away the copy it relied on. Each placement \
      is printed once it is gone. The bucket is left as it is, unless --delete-objects is given: then its objects are \
      on record for deletion and deleted, with a bar; what fails stays on record, and the same command goes on. \
      Downloads that were redirected to the location a moment ago end with its objects.

      The name is reserved afterwards. Take it out of every region's configuration: a process that starts with it still \
      in warns, and one whose first preference it is refuses to start.

      EXIT CODES
        0  removed (with --dry-run: could be removed)
        1  not confirmed
        2  refused: last copies or namespaces in the way; or objects could not be deleted
        64 no such location, or nobody to ask and no --yes

      EXAMPLES
        replication-worker remove-location apstorage --config config.yaml --dry-run
        replication-worker remove-location apstorage --config config.yaml
        replication-worker remove-location apstorage --config config.yaml --yes --delete-objects
      """)

  @Argument(help: "The location's name.")
  var name: String

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Only print what would go.")
  var dryRun = false

  @Flag(help: "Do not ask.")
  var yes = false

  @Flag(help: "Delete the objects in the location's bucket as well; the location must be in the configuration.")
  var deleteObjects = false

  func run() async throws {
    try await CommandOutcome.report("replication-worker") {
      let code = try await OperatorSession.with(path: config, command: "remove-location") { try await work($0) }
      if code != 0 { throw ExitCode(code) }
    }
  }

  private func work(_ session: OperatorSession) async throws -> Int32 {
    let record = try await session.location(name)
    let removal = Removal(session: session, location: record.id, deletesObjects: deleteObjects)
    if record.state == .removed {
      guard deleteObjects else { throw StartupError.wrongUse("\(name) was removed already") }
      return dryRun ? 0 : try await deleteLeftObjects(removal)
    }
    // Before anything is asked or done: a store that is not there would be noticed too late.
    if deleteObjects { _ = try removal.openStore() }
    guard try await removal.rehearse(state: record.state) else { return 2 }
    if dryRun {
      CommandOutcome.say("dry run: nothing was removed")
      return 0
    }
    let question =
      "WARNING: This cannot be undone. Remove \(name) from the storage locations\(deleteObjects ? " and delete its objects" : "")?"
    guard try await Confirmation().confirm(question, isGiven: yes) else {
      CommandOutcome.say("cancelled: nothing was removed")
      return 1
    }
    let code = try await removal.remove(state: record.state)
    guard code == 0, deleteObjects else { return code }
    return try await deleteLeftObjects(removal)
  }

  private func deleteLeftObjects(_ removal: Removal) async throws -> Int32 {
    let result = try await removal.deleteObjects()
    CommandOutcome.say("Deleted \(result.deleted) objects of \(name)")
    guard result.failed > 0 else { return 0 }
    CommandOutcome.say(
      "\(result.failed) could not be deleted and stay on record: \(result.lastError ?? "unknown"); run the command again"
    )
    return 2
  }
}
