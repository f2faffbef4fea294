import Shared
import Synchronization

/// Verified tokens by their hash until they expire, so that a token's signature is checked once (decision D4).
///
/// Bounded: when full, everything expired goes first, then everything. The tokens themselves are not kept.
final class TokenCache: Sendable {
  private struct Entry {
    let principal: Principal
    let expiresAt: Int64
  }

  private let capacity: Int
  private let entries = Mutex<[Digest: Entry]>([:])
  private let hits, misses: Counter

  /// Keeps at most `capacity` tokens.
  init(capacity: Int = 4096, registry: MetricsRegistry = .shared) {
    self.capacity = max(capacity, 1)
    hits = registry.counter(RegistryMetric.cacheLookups, ["cache": "tokens", "outcome": "hit"])
    misses = registry.counter(RegistryMetric.cacheLookups, ["cache": "tokens", "outcome": "miss"])
  }

  /// The principal of a token verified earlier and not expired at `now`, in seconds since the epoch.
  func principal(for token: Digest, now: Int64) -> Principal? {
    let known = entries.withLock { entries -> Principal? in
      guard let entry = entries[token], entry.expiresAt > now else { return nil }
      return entry.principal
    }
    (known == nil ? misses : hits).increment()
    return known
  }

  /// Remembers a verified token.
  func store(_ principal: Principal, for token: Digest, expiresAt: Int64, now: Int64) {
    entries.withLock { entries in
      if entries.count >= capacity { entries = entries.filter { $0.value.expiresAt > now } }
      if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
      entries[token] = Entry(principal: principal, expiresAt: expiresAt)
    }
  }
}
