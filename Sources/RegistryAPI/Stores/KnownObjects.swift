import Shared
import Synchronization

/// Small objects whose bytes are known, a few of each store: what a proof of the store reads.
///
/// A store that answers questions about its bucket may still cut bodies short or spoil them; only an object read to its
/// end tells. Bounded: the smallest objects seen lately are kept.
final class KnownObjects: Sendable {
  /// One object and what it must hash to.
  struct Sample: Sendable, Hashable {
    let key: ObjectKey
    let digest: Digest
    let sizeBytes: Int64
  }

  /// Larger ones are not worth reading every second, nor quickly read over a slow line.
  static let largestBytes: Int64 = 64 << 10
  private static let keptOfEach = 8

  private let samples = Mutex<[LocationID: [Sample]]>([:])

  /// Remembers an object that is known to be there.
  func remember(_ placement: Placement, digest: Digest, sizeBytes: Int64) {
    guard sizeBytes > 0, sizeBytes <= Self.largestBytes else { return }
    let sample = Sample(key: placement.key, digest: digest, sizeBytes: sizeBytes)
    samples.withLock { samples in
      var kept = samples[placement.location] ?? []
      guard !kept.contains(sample) else { return }
      kept.append(sample)
      if kept.count > Self.keptOfEach { kept.removeFirst() }
      samples[placement.location] = kept
    }
  }

  /// Forgets an object, which may have been deleted or be wrong itself.
  func forget(_ digest: Digest, at location: LocationID) {
    samples.withLock { $0[location]?.removeAll { $0.digest == digest } }
  }

  /// Whether so few of a store's objects are known that one wrong object among them would say much about the store.
  func areFew(at location: LocationID) -> Bool { samples.withLock { ($0[location]?.count ?? 0) < Self.keptOfEach / 2 } }

  /// One of a store's objects, any; nil where none is known.
  func any(at location: LocationID) -> Sample? { samples.withLock { $0[location]?.randomElement() } }
}

extension KnownObjects {
  /// Looks for small objects among some of the store's copies, picked at random.
  func refill(_ location: LocationID, from catalog: Catalog) async throws(CatalogError) {
    for copy in try await catalog.sampleCopies(at: location, count: 32) {
      remember(copy.placement, digest: copy.digest, sizeBytes: copy.sizeBytes)
    }
  }
}
