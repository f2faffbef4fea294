import Shared
import Synchronization

/// Decides whether a client may be sent to a store: after the 307 nothing can fail over any more (reliability rule R6).
///
/// Two things must be known. That the object is there: it was seen there lately, or is asked for now. And that the store
/// works: it has answered within `proofAge`, or does so now. Many redirects share one proof, so what this costs a busy
/// registry does not grow with its load; an object is asked for once in some minutes. Where either is not known within
/// `patience`, the bytes come from here instead, which is slower and always right.
final class RedirectGate: Sendable {
  /// How recent knowledge must be.
  struct Limits: Sendable {
    /// A store that has answered within this time is not asked again.
    var proofAge: Duration = .milliseconds(250)
    /// One that has not answered for so long, or has failed since, is left to the prover.
    var givenUpAge: Duration = .seconds(3)
    /// A redirect waits so long for an answer.
    var patience: Duration = .milliseconds(400)
    /// An object is taken to be where it was seen for up to twice this time.
    var generation: Duration = .seconds(150)
    /// Objects remembered in a generation; 8 bytes each.
    var remembered = 65_536
  }

  private struct Seen {
    var new: Set<Int> = []
    var old: Set<Int> = []
    var since: ContinuousClock.Instant?
  }

  private let stores: [LocationID: any BlobStore]
  private let health: StoreHealth
  private let prover: StoreProver
  private let watch: CopyWatch
  private let limits: Limits
  private let seen = Mutex(Seen())
  private let waiting = Mutex<[LocationID: [CheckedContinuation<Bool, Never>]]>([:])

  /// Asks `stores`, whose proofs `prover` makes; what is found about copies goes to `watch`.
  init(
    stores: [LocationID: any BlobStore], health: StoreHealth, prover: StoreProver, watch: CopyWatch,
    limits: Limits = Limits()
  ) {
    self.stores = stores
    self.health = health
    self.prover = prover
    self.watch = watch
    self.limits = limits
  }

  /// Whether a client may be sent to that copy.
  func allows(_ placement: Placement, of blob: BlobRecord) async -> Bool {
    let location = placement.location
    guard let store = stores[location], health.isProven(location, within: limits.givenUpAge) else { return false }
    guard hasSeen(placement) else { return await isThere(placement, of: blob, at: store) }
    if health.isProven(location, within: limits.proofAge) { return true }
    return await sharedProof(of: store)
  }

  // MARK: The object

  private func isThere(_ placement: Placement, of blob: BlobRecord, at store: any BlobStore) async -> Bool {
    do throws(StorageError) {
      let object = try await StoreDeadline.within(limits.patience, "redirect") { () async throws(StorageError) in
        try await store.head(placement.key)
      }
      guard let object else { throw .objectMissing(placement.key) }
      guard object.sizeBytes == blob.sizeBytes else {
        throw .sizeMismatch(expectedBytes: blob.sizeBytes, actualBytes: object.sizeBytes)
      }
      remember(placement)
      return true
    } catch {
      if case .timedOut = error { return false }
      if case .cancelled = error { return false }
      watch.note(CopyOpening.Failed(placement: placement, error: error), of: blob)
      return false
    }
  }

  private func hasSeen(_ placement: Placement) -> Bool {
    let name = Self.name(placement)
    return seen.withLock { $0.new.contains(name) || $0.old.contains(name) }
  }

  private func remember(_ placement: Placement, now: ContinuousClock.Instant = .now) {
    let name = Self.name(placement)
    seen.withLock { seen in
      let since = seen.since ?? now
      if now - since >= limits.generation || seen.new.count >= limits.remembered {
        seen = Seen(new: [], old: now - since < limits.generation * 2 ? seen.new : [], since: now)
      } else {
        seen.since = since
      }
      seen.new.insert(name)
    }
  }

  /// Sixty-four bits that differ between runs: nobody can choose keys that collide.
  private static func name(_ placement: Placement) -> Int {
    var hasher = Hasher()
    hasher.combine(placement.location)
    hasher.combine(placement.key)
    return hasher.finalize()
  }

  // MARK: The store

  /// One proof for everybody who wants it at the moment.
  private func sharedProof(of store: any BlobStore) async -> Bool {
    let isFirst = waiting.withLock { waiting in
      if waiting[store.location] != nil { return false }
      waiting[store.location] = []
      return true
    }
    guard isFirst else {
      return await withCheckedContinuation { continuation in
        let isOver = waiting.withLock { waiting in
          guard waiting[store.location] != nil else { return true }
          waiting[store.location]?.append(continuation)
          return false
        }
        // The proof has just ended; what it came to is known.
        if isOver { continuation.resume(returning: health.isProven(store.location, within: limits.proofAge)) }
      }
    }
    _ = await prover.prove(store, within: limits.patience)
    let isProven = health.isProven(store.location, within: limits.proofAge)
    let others = waiting.withLock { $0.removeValue(forKey: store.location) } ?? []
    for other in others { other.resume(returning: isProven) }
    return isProven
  }
}
