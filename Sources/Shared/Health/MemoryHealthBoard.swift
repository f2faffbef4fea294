import SharedModel
import Synchronization

/// A board within one process, for tests and the all-in-one mode.
package final class MemoryHealthBoard: HealthBoard {
  private struct Key: Hashable {
    let region: String
    let instance: String
  }

  private let entries = Mutex<[Key: (snapshot: RegionSnapshot, publishedAtMs: Int64)]>([:])
  private let nowMs: @Sendable () -> Int64

  /// Ages are taken from `nowMs`.
  package init(nowMs: @escaping @Sendable () -> Int64) { self.nowMs = nowMs }

  package func publish(_ snapshot: RegionSnapshot) {
    let now = nowMs()
    entries.withLock { $0[Key(region: snapshot.region, instance: snapshot.instance)] = (snapshot, now) }
  }

  package func observations() -> [RegionObservation] {
    let now = nowMs()
    return entries.withLock { entries in
      entries.values.map { RegionObservation(snapshot: $0.snapshot, ageMs: max(0, now - $0.publishedAtMs)) }
    }.sorted { ($0.snapshot.region, $0.snapshot.instance) < ($1.snapshot.region, $1.snapshot.instance) }
  }
}
