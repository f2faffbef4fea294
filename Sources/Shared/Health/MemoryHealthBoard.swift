import SharedModel
import Synchronization

/// A board within one process, for tests and the all-in-one mode.
package final class MemoryHealthBoard: HealthBoard {
  private let entries = Mutex<[String: (snapshot: RegionSnapshot, publishedAtMs: Int64)]>([:])
  private let nowMs: @Sendable () -> Int64

  /// Ages are taken from `nowMs`.
  package init(nowMs: @escaping @Sendable () -> Int64) { self.nowMs = nowMs }

  package func publish(_ snapshot: RegionSnapshot) {
    let now = nowMs()
    entries.withLock { $0[snapshot.region] = (snapshot, now) }
  }

  package func snapshots() -> [(snapshot: RegionSnapshot, ageMs: Int64)] {
    let now = nowMs()
    return entries.withLock { entries in
      entries.values.map { ($0.snapshot, max(0, now - $0.publishedAtMs)) }
    }.sorted { $0.0.region < $1.0.region }
  }
}
