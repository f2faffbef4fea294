import Shared
import Synchronization

/// Removing a location as the command shows it: what would go, the transaction, and what has gone.
struct Removal: Sendable {
  let session: OperatorSession
  let location: LocationID
  let deletesObjects: Bool

  /// Prints what would go and what is in the way; false where something is.
  func rehearse(state: LocationState) async throws -> Bool {
    let contents = try await session.catalog.locationContents(location)
    CommandOutcome.say("\(location) is \(state.rawValue). A removal deletes what the registry knows of it:")
    CommandOutcome.say("  \(contents.placements) placements (\(ProgressUnit.size(contents.bytes)))")
    CommandOutcome.say("  \(contents.jobs) jobs, \(contents.uploads) uploads in progress")
    CommandOutcome.say(
      deletesObjects ? "  and the objects in its bucket" : "  and leaves its bucket as it is (see --delete-objects)")
    let requiring = try await session.catalog.namespacesRequiring(location, limit: Self.namespaces + 1)
    for line in Self.complaint(requiring, location) { CommandOutcome.say(line) }
    let proof = try await draining.proof()
    for line in proof.lines(at: location) { CommandOutcome.say(line) }
    if !proof.isSafe { CommandOutcome.say("refused: \(proof.line(at: location)); run 'drain \(location)'") }
    return proof.isSafe && requiring.isEmpty
  }

  /// Runs the transaction and prints what has gone; returns the exit code.
  func remove(state: LocationState) async throws -> Int32 {
    // Nothing new goes there from now on; where the removal is refused the state is as it was.
    let isClosing = state == .active || state == .joining
    if isClosing { _ = try await session.catalog.changeLocationState(of: location, from: [state], to: .draining) }
    let log = try RemovedPlacementLog()
    let bar = ProgressLine("removing", unit: .things("placements"))
    let total = try await session.catalog.locationContents(location).placements
    let counter = RemovalCounter()
    let outcome: LocationRemovalOutcome
    do {
      outcome = try await session.catalog.removeLocation(
        location, deletingObjects: deletesObjects,
        beginning: {
          log.clear()
          counter.clear()
        },
        removed: { batch in
          log.append(batch)
          bar.update(done: counter.add(batch.count), total: total)
        })
    } catch {
      bar.finish()
      if isClosing { await reopen(as: state) }
      throw error
    }
    bar.finish()
    switch outcome {
    case .removed(let removal): return try await conclude(removal, log)
    case .lastCopies:
      let proof = try await draining.proof()
      for line in proof.lines(at: location) { CommandOutcome.say(line) }
      CommandOutcome.say("refused, nothing was removed: a last copy came up; run 'drain \(location)'")
    case .required(let namespaces):
      for line in Self.complaint(namespaces, location) { CommandOutcome.say(line) }
    case .wrongState(let standing):
      CommandOutcome.say("refused, nothing was removed: \(location) is \(standing.rawValue) by now")
      return 2
    case .unknown: throw StartupError.wrongUse("there is no location '\(location)'")
    }
    if isClosing { await reopen(as: state) }
    return 2
  }

  /// The location's store, opened; refuses one that is not configured.
  func openStore() throws(StartupError) -> any BlobStore {
    guard let settings = session.configuration.location(location) else {
      throw .refused("\(location) is not in DISTRIBUTED_STORAGE_CONFIG, so its objects cannot be deleted from here")
    }
    return try Startup.store(settings)
  }

  /// Deletes what is on record there.
  func deleteObjects() async throws -> ObjectRemoval.Result {
    let store = try openStore()
    let removal = ObjectRemoval(
      catalog: session.catalog, store: store, progress: ProgressLine("deleting", unit: .things("objects")))
    do {
      let result = try await removal.run()
      await store.close()
      return result
    } catch {
      await store.close()
      throw error
    }
  }

  private func conclude(_ removal: LocationRemoval, _ log: RemovedPlacementLog) async throws -> Int32 {
    do {
      try log.print()
    } catch {
      CommandOutcome.remark("the list of deleted placements could not be kept: \(error)")
    }
    do {
      try await session.queue.forget(targets: [location])
    } catch {
      // They hold job numbers only, which no worker finds any more.
      CommandOutcome.remark("the queue's streams of \(location) could not be deleted: \(error)")
    }
    CommandOutcome.say(
      "Deleted \(removal.placements) placements, \(removal.jobs) jobs, \(removal.uploads) uploads in progress")
    CommandOutcome.say("Deleted location \(location)")
    return 0
  }

  private func reopen(as state: LocationState) async {
    do {
      _ = try await session.catalog.changeLocationState(of: location, from: [.draining], to: state)
    } catch {
      CommandOutcome.remark("\(location) stays draining: \(error); 'drain \(location) --cancel' brings it back")
    }
  }

  private var draining: Draining {
    Draining(
      session: session, location: location, defaults: session.configuration.requiredLocations, isTextual: false)
  }

  private static let namespaces = 20

  private static func complaint(_ namespaces: [String], _ location: LocationID) -> [String] {
    namespaces.prefix(Self.namespaces).map {
      "refused: namespace \($0) asks for \(location); 'namespace \($0) --default \(location)' takes that back"
    } + (namespaces.count > Self.namespaces ? ["... and further namespaces"] : [])
  }
}

/// Counts what a transaction has deleted so far.
private final class RemovalCounter: Sendable {
  private let count = Mutex<Int64>(0)

  func clear() { count.withLock { $0 = 0 } }

  func add(_ number: Int) -> Int64 {
    count.withLock {
      $0 += Int64(number)
      return $0
    }
  }
}
