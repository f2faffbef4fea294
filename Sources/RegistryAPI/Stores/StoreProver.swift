import Logging
import ServiceLifecycle
import Shared

/// Asks every store again and again for a sign of life, so that no client has to find out that one is gone.
///
/// Needs no health service (H5). Each store has a loop of its own, so that one that hangs delays no other (I10); a store
/// that answered clients a moment ago is not asked.
struct StoreProver: Service {
  /// How stores are asked.
  struct Pace: Sendable {
    /// Between two proofs of a store this region prefers.
    var preferred: Duration = .seconds(1)
    /// Between two proofs of any other, and of one that keeps failing.
    var other: Duration = .seconds(5)
    /// After a first failure, to know soon whether it was a single one.
    var afterFailure: Duration = .milliseconds(250)
    /// A store that takes longer has failed.
    var deadline: Duration = .seconds(1)
    /// A store that proves that it takes writes again has this long.
    var writeDeadline: Duration = .seconds(3)
  }

  /// How large an object is that nobody needs.
  private static let canaryBytes = 4096

  let stores: [LocationID: any BlobStore]
  let preference: [LocationID]
  let health: StoreHealth
  let logger: Logger
  var pace = Pace()

  /// Asks until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for store in stores.values { group.addTask { await loop(store) } }
      }
    }
  }

  private func loop(_ store: any BlobStore) async {
    let usual = preference.contains(store.location) ? pace.preferred : pace.other
    var failures = 0
    while !Task.isCancelled {
      if failures > 0 || !health.isProven(store.location, within: usual / 2) {
        failures = await prove(store) ? 0 : min(failures + 1, 10)
      }
      if health.wantsWriteProof(store.location) { await proveWriting(store) }
      let pause = failures == 0 ? usual : failures < 4 ? pace.afterFailure : usual
      // Cancellation is the only error sleeping has, and the loop looks at it next.
      try? await ContinuousClock().sleep(for: pause * Double.random(in: 0.8...1.2))
    }
  }

  /// One proof; returns whether the store answered.
  @discardableResult
  func prove(_ store: any BlobStore) async -> Bool {
    var failure: StorageError?
    do throws(StorageError) {
      try await StoreDeadline.within(pace.deadline, "proof") { () async throws(StorageError) in
        try await store.probe()
      }
    } catch {
      failure = error
    }
    let hasChanged = health.recordProof(store.location, StoreKnowledge.Outcome(failure))
    if hasChanged, let failure {
      logger.warning(
        "a store does not answer: others are used", metadata: ["location": "\(store.location)", "error": "\(failure)"])
    } else if hasChanged {
      logger.info("a store answers again", metadata: ["location": "\(store.location)"])
    }
    return failure == nil
  }

  /// Writes and deletes an object nobody needs: the next client to push must not be the one to find out.
  func proveWriting(_ store: any BlobStore) async {
    let key = ObjectKey.canary(storagePath: store.storagePath, name: RandomIdentifier())
    let bytes = [UInt8](repeating: 0x6d, count: Self.canaryBytes)
    do throws(StorageError) {
      // The store reports on its own calls where it is an observed one; so the outcome is known already.
      _ = try await StoreDeadline.within(pace.writeDeadline, "proof of writing") { () async throws(StorageError) in
        try await store.put(key, bytes: bytes, attributes: ObjectAttributes())
      }
      try await store.delete(key)
    } catch {
      if case .timedOut = error { health.record(store.location, .writing, .fails(retryAfter: nil)) }
      logger.debug("a store takes no writes", metadata: ["location": "\(store.location)", "error": "\(error)"])
    }
  }
}
