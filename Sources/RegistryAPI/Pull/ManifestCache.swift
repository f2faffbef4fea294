import Shared
import Synchronization

/// Manifests by repository and digest, least recently used first out (decision D4).
///
/// What a key maps to never changes, but it may be deleted: an entry answers for its own existence for `freshness` after
/// the catalog last confirmed it, which bounds how long another region's deletion goes unseen. The cache never grants
/// anything: callers have authorised the repository before they ask (CVE-2026-35172).
final class ManifestCache: Sendable {
  private struct Key: Hashable {
    let repository: RepositoryName
    let digest: Digest
  }

  private struct Entry {
    let manifest: CachedManifest
    var lastUse: UInt64
    var confirmedAt: ContinuousClock.Instant
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var costBytes = 0
    var clock: UInt64 = 0
  }

  /// How long a manifest deleted elsewhere may still be served by its digest.
  static let freshness = Duration.seconds(10)

  private let capacityBytes: Int
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  /// Bounds the cache to about `capacityBytes` (I12).
  init(
    capacityBytes: Int = 32 << 20, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
  ) {
    self.capacityBytes = capacityBytes
    self.now = now
  }

  /// The manifest, where it is cached and the catalog has confirmed it lately.
  func fresh(_ digest: Digest, in repository: RepositoryName) -> CachedManifest? {
    use(digest, in: repository) { entry, now in now - entry.confirmedAt < Self.freshness }
  }

  /// The manifest, where it is cached; the caller has just learned from the catalog that it exists.
  func confirm(_ digest: Digest, in repository: RepositoryName) -> CachedManifest? {
    use(digest, in: repository) { entry, now in
      entry.confirmedAt = now
      return true
    }
  }

  /// Forgets a manifest that was deleted here.
  func remove(_ digest: Digest, in repository: RepositoryName) {
    state.withLock { state in
      guard let old = state.entries.removeValue(forKey: Key(repository: repository, digest: digest)) else { return }
      state.costBytes -= old.manifest.costBytes
    }
  }

  private func use(
    _ digest: Digest, in repository: RepositoryName,
    where condition: (inout Entry, ContinuousClock.Instant) -> Bool
  ) -> CachedManifest? {
    let now = now()
    return state.withLock { state in
      state.clock += 1
      let key = Key(repository: repository, digest: digest)
      guard let index = state.entries.index(forKey: key), condition(&state.entries.values[index], now) else {
        return nil
      }
      state.entries.values[index].lastUse = state.clock
      return state.entries.values[index].manifest
    }
  }

  /// Remembers a manifest; one larger than an eighth of the capacity is not kept.
  func store(_ manifest: CachedManifest, in repository: RepositoryName) {
    guard manifest.costBytes <= capacityBytes / 8 else { return }
    let now = now()
    state.withLock { state in
      state.clock += 1
      let key = Key(repository: repository, digest: manifest.digest)
      if let old = state.entries[key] { state.costBytes -= old.manifest.costBytes }
      state.entries[key] = Entry(manifest: manifest, lastUse: state.clock, confirmedAt: now)
      state.costBytes += manifest.costBytes
      if state.costBytes > capacityBytes { Self.evict(&state, to: capacityBytes / 4 * 3) }
    }
  }

  /// The bytes the cache counts now.
  var costBytes: Int { state.withLock { $0.costBytes } }

  /// Removes a quarter at once, so that sorting by age is paid for rarely.
  private static func evict(_ state: inout State, to targetBytes: Int) {
    for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      guard state.costBytes > targetBytes else { return }
      state.entries[key] = nil
      state.costBytes -= entry.manifest.costBytes
    }
  }
}
