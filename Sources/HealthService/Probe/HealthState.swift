import Shared
import Synchronization

/// What this process has seen and heard, kept for the routes to answer from without waiting.
///
/// The verdicts are made once per change, or when they are older than `viewLifetimeMs`; reading them takes a lock for a
/// few instructions.
final class HealthState: Sendable {
  private struct Key: Hashable {
    let region: String
    let instance: String
  }

  private struct Heard {
    let observation: RegionObservation
    let readAtMs: Int64
  }

  private struct State {
    var components: [String: ComponentRecord] = [:]
    var heard: [Key: Heard] = [:]
    var drains: (list: DrainList, readAtMs: Int64)?
    var redisAtMs: Int64?
    var databaseAtMs: Int64?
    var view: (view: HealthView, madeAtMs: Int64)?
    var revision: UInt64 = 0
  }

  /// How long a view is told on; ages in it are off by no more.
  static let viewLifetimeMs: Int64 = 250
  /// A way to the others that has not worked for so long is lost: three beats of the exchange.
  static let boardLossMs: Int64 = 8_000
  /// What was heard longer ago is forgotten.
  private static let forgetAfterMs: Int64 = 600_000
  /// More health services than this are not remembered; the board holds fewer.
  private static let mostHeard = 512

  let region: RegionName
  let home: LocationID
  /// What this process is called among the region's health services.
  let instance: String
  let policy: VerdictPolicy
  private let clock: HealthClock
  private let state = Mutex(State())

  /// Knows nothing yet: each of `expected` is unknown until it is probed.
  init(
    region: RegionName, home: LocationID, instance: String = "", policy: VerdictPolicy = VerdictPolicy(),
    expected: [Probe] = [], clock: HealthClock = .system
  ) {
    self.region = region
    self.home = home
    self.instance = instance
    self.policy = policy
    self.clock = clock
    state.withLock { state in
      for probe in expected {
        state.components[probe.target.name] = ComponentRecord(probe, staleAfterMs: policy.staleAfterMs)
      }
    }
  }

  /// What the end of a look came to.
  struct Recorded: Sendable {
    /// The component, where its status has just changed.
    let change: ComponentHealth?
    /// Whether the look said otherwise than the steady status, so that another one should follow soon.
    let isTurning: Bool
  }

  /// Takes in one look's end.
  @discardableResult
  func record(_ probe: Probe, _ sighting: Sighting, durationMs: Int64) -> Recorded {
    let (now, wall) = (clock.monotonicMs(), clock.wallMs())
    return state.withLock { state in
      let name = probe.target.name
      var record = state.components[name] ?? ComponentRecord(probe, staleAfterMs: policy.staleAfterMs)
      let changed = record.record(sighting, durationMs: durationMs, nowMs: now, wallMs: wall)
      state.components[name] = record
      state.view = nil
      return Recorded(change: changed ? record.health(nowMs: now) : nil, isTurning: record.isTurning(probe.aspect))
    }
  }

  /// Takes in what a beat of the exchange brought; what it did not bring stands on and ages.
  func record(_ exchange: Exchange) {
    let now = clock.monotonicMs()
    state.withLock { state in
      if exchange.reachedRedis { state.redisAtMs = now }
      if exchange.reachedDatabase { state.databaseAtMs = now }
      // What was read from the database later is newer, by whichever way it came.
      if let heard = exchange.drains, heard.list.nowMs > state.drains?.list.nowMs ?? Int64.min {
        state.drains = (heard.list, now - max(0, heard.ageMs))
      }
      for observation in exchange.observations where !isOwn(observation.snapshot) {
        let key = Key(region: observation.snapshot.region, instance: observation.snapshot.instance)
        if let known = state.heard[key] {
          guard observation.ageMs <= Self.age(known, nowMs: now) else { continue }
        } else if state.heard.count >= Self.mostHeard {
          continue
        }
        state.heard[key] = Heard(observation: observation, readAtMs: now)
      }
      state.heard = state.heard.filter { Self.age($0.value, nowMs: now) <= Self.forgetAfterMs }
      state.view = nil
    }
  }

  /// Everything as it stands now.
  var view: HealthView {
    let now = clock.monotonicMs()
    return state.withLock { state in
      if let kept = state.view, (0...Self.viewLifetimeMs).contains(now - kept.madeAtMs) { return kept.view }
      let view = makeView(&state, nowMs: now)
      state.view = (view, now)
      return view
    }
  }

  /// This region as this process sees it; what was not probed for long is unknown.
  var snapshot: RegionSnapshot { view.snapshot }

  /// The verdicts on all regions, this one first.
  var verdicts: [RegionVerdict] { view.verdicts }

  /// The verdict on one region; nil where it was never heard of.
  func verdict(on name: String) -> RegionVerdict? { view.verdict(on: name) }

  /// The drains in force.
  var drains: [RegionDrain] { view.drains }

  /// The last list of drains there was from the database, for those who cannot reach it.
  var drainList: DrainList? { state.withLock { $0.drains?.list } }

  /// By which ways the others are reached.
  var boardReach: BoardReach { view.boardReach }

  private func isOwn(_ snapshot: RegionSnapshot) -> Bool {
    snapshot.region == region.description && snapshot.instance == instance
  }

  private func makeView(_ state: inout State, nowMs now: Int64) -> HealthView {
    let wall = clock.wallMs()
    let components = state.components.values.map { $0.health(nowMs: now) }
    let snapshot = RegionSnapshot(
      region: region.description, home: home, instance: instance, atMs: wall,
      components: components.sorted { $0.component < $1.component })
    let others = state.heard.values.map { heard in
      RegionObservation(snapshot: heard.observation.snapshot, ageMs: Self.age(heard, nowMs: now))
    }
    let observations = [RegionObservation(snapshot: snapshot, ageMs: 0, isOwn: true)] + others
    let drains = state.drains.map { $0.list.inForce(afterMs: now - $0.readAtMs) } ?? []
    let reach = BoardReach(
      redis: Self.isRecent(state.redisAtMs, nowMs: now), database: Self.isRecent(state.databaseAtMs, nowMs: now))
    state.revision &+= 1
    return HealthView(
      revision: state.revision, snapshot: snapshot,
      verdicts: VerdictEngine.verdicts(
        of: observations, drains: drains, policy: policy, own: region, board: reach),
      observations: observations, drains: drains, boardReach: reach, atMs: wall)
  }

  private static func isRecent(_ instant: Int64?, nowMs: Int64) -> Bool {
    instant.map { nowMs - $0 <= boardLossMs } ?? false
  }

  private static func age(_ heard: Heard, nowMs: Int64) -> Int64 {
    let (age, overflows) = heard.observation.ageMs.addingReportingOverflow(max(0, nowMs - heard.readAtMs))
    return overflows ? Int64.max : age
  }
}
