import Shared
import Synchronization

/// What this process has seen, kept for the routes to answer from without waiting.
final class HealthState: Sendable {
  private struct Entry {
    var hysteresis: Hysteresis
    var health: ComponentHealth
  }

  private struct State {
    var components: [String: Entry] = [:]
    var others: [(snapshot: RegionSnapshot, ageMs: Int64, readAtMs: Int64)] = []
    var boardError: String?
  }

  private let state = Mutex(State())
  private let region: RegionName
  private let home: LocationID
  private let staleAfterMs: Int64
  private let nowMs: @Sendable () -> Int64

  /// Knows nothing yet; every component is unknown until it is probed.
  init(region: RegionName, home: LocationID, staleAfterMs: Int64, nowMs: @escaping @Sendable () -> Int64) {
    self.region = region
    self.home = home
    self.staleAfterMs = staleAfterMs
    self.nowMs = nowMs
  }

  /// Takes in one probe's end; returns the component's new status where it has just changed.
  ///
  /// A component that fails and has a stand-in is a warning: pulls go on.
  func record(_ probe: Probe, failure: String?, hasStandIn: Bool = false, durationMs: Int64) -> ProbeStatus? {
    let now = nowMs()
    return state.withLock { state in
      let name = probe.target.name
      var hysteresis = state.components[name]?.hysteresis ?? Hysteresis(thresholds: probe.thresholds)
      let changed = hysteresis.record(success: failure == nil)
      let before = state.components[name]?.health
      let status = hysteresis.status == .fail && hasStandIn ? ProbeStatus.warn : hysteresis.status
      state.components[name] = Entry(
        hysteresis: hysteresis,
        health: ComponentHealth(
          component: name, status: status,
          // While hysteresis still holds a failure after a success, the last failure's reason stands.
          reason: hysteresis.status == .pass ? nil : failure ?? before?.reason,
          observedAtMs: now, durationMs: durationMs))
      return changed || (before != nil && before?.status != status) ? status : nil
    }
  }

  /// Takes in what the board said of all regions, or why it could not be read.
  func recordBoard(_ result: Result<[(snapshot: RegionSnapshot, ageMs: Int64)], any Error>) {
    let now = nowMs()
    state.withLock { state in
      switch result {
      case .success(let snapshots):
        state.others = snapshots.map { ($0.snapshot, $0.ageMs, now) }
        state.boardError = nil
      case .failure(let error):
        state.boardError = "\(error)"
      }
    }
  }

  /// This region as it stands now; what was not probed for long is unknown.
  var snapshot: RegionSnapshot {
    let now = nowMs()
    let components = state.withLock { state in
      state.components.values.map { $0.health.aged(nowMs: now, limitMs: staleAfterMs) }
    }
    return RegionSnapshot(
      region: region.description, home: home, components: components.sorted { $0.component < $1.component })
  }

  /// The verdict on one region: this one from what was seen here, another from what it published; nil where unknown.
  func verdict(on name: String) -> RegionVerdict? {
    verdicts.first { $0.region == name }
  }

  /// The verdicts on all regions heard of, this one first.
  var verdicts: [RegionVerdict] {
    let now = nowMs()
    let own = HealthEvaluator.verdict(on: snapshot, ageMs: 0, staleAfterMs: staleAfterMs)
    let others = state.withLock(\.others).filter { $0.snapshot.region != region.description }
    return [own]
      + others.map { entry in
        HealthEvaluator.verdict(
          on: entry.snapshot, ageMs: entry.ageMs + max(0, now - entry.readAtMs), staleAfterMs: staleAfterMs)
      }
  }
}
