import Logging
import ServiceLifecycle
import Shared

/// Asks every store again and again for a sign of life, so that no client has to find out that one is gone.
///
/// Where an object is known, it is read to its end and compared: a store that answers may still cut bodies short or spoil
/// them. Else the bucket is asked for. Needs no health service (H5). Each store has a loop of its own, so that one that hangs delays no other (I10); a store
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
    /// Objects to prove a store by are looked for so often, where few are known.
    var refill: Duration = .seconds(30)
  }

  /// How large an object is that nobody needs.
  private static let canaryBytes = 4096

  let stores: [LocationID: any BlobStore]
  let preference: [LocationID]
  let samples: KnownObjects
  let health: StoreHealth
  let metrics: RegistryMetrics
  let logger: Logger
  var pace = Pace()
  /// Finds objects to prove a store by.
  var refill: @Sendable (LocationID) async -> Void = { _ in }

  /// Asks until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for store in stores.values {
          group.addTask { await loop(store) }
          group.addTask { await refillLoop(store.location) }
        }
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
      for use in StoreKnowledge.Use.allCases {
        metrics.storeIsUsable(store.location, for: use, health.isUsable(store.location, for: use))
      }
      if health.wantsWriteProof(store.location) { await proveWriting(store) }
      let pause = failures == 0 ? usual : failures < 4 ? pace.afterFailure : usual
      // Cancellation is the only error sleeping has, and the loop looks at it next.
      try? await ContinuousClock().sleep(for: pause * Double.random(in: 0.8...1.2))
    }
  }

  private func refillLoop(_ location: LocationID) async {
    while !Task.isCancelled {
      if samples.areFew(at: location) { await refill(location) }
      // Cancellation is the only error sleeping has, and the loop looks at it next.
      try? await ContinuousClock().sleep(for: pace.refill * Double.random(in: 0.8...1.2))
    }
  }

  /// One proof; returns whether the store answered as it should.
  ///
  /// With a `limit` shorter than usual, the store's not having answered within it is held against nobody.
  @discardableResult
  func prove(_ store: any BlobStore, within limit: Duration? = nil) async -> Bool {
    let sample = samples.any(at: store.location)
    var failure: StorageError?
    var isTrue = true
    do throws(StorageError) {
      isTrue = try await StoreDeadline.within(limit ?? pace.deadline, "proof") { () async throws(StorageError) in
        guard let sample else {
          try await store.probe()
          return true
        }
        return try await Self.isTrue(sample, at: store)
      }
    } catch {
      failure = error
    }
    if limit != nil, case .timedOut = failure { return false }
    if let sample, case .objectMissing = failure {
      // Collected, most likely: it proves nothing any more.
      samples.forget(sample.digest, at: store.location)
    }
    let hasChanged = health.recordProof(store.location, StoreKnowledge.Outcome(failure))
    if !isTrue {
      health.recordDoubt(store.location)
    } else if sample != nil, failure == nil {
      health.recordRightBytes(store.location)
    }
    report(store.location, hasChanged: hasChanged, failure)
    return failure == nil && isTrue
  }

  private static func isTrue(_ sample: KnownObjects.Sample, at store: any BlobStore) async throws(StorageError) -> Bool
  {
    let body = try await store.open(sample.key, range: nil)
    let bytes = try await body.collect(limitBytes: Int(clamping: KnownObjects.largestBytes))
    return Digest(of: bytes, algorithm: sample.digest.algorithm) == sample.digest
  }

  private func report(_ location: LocationID, hasChanged: Bool, _ failure: StorageError?) {
    guard hasChanged else { return }
    if let failure {
      logger.warning(
        "a store does not answer: others are used", metadata: ["location": "\(location)", "error": "\(failure)"])
    } else {
      logger.info("a store answers again", metadata: ["location": "\(location)"])
    }
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
