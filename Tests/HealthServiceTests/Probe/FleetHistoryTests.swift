import Shared
import Synchronization
import Testing

@testable import HealthService

/// Health services of three regions in a world of virtual time, with real hysteresis, boards and verdicts.
///
/// The seed decides jitter, phases, whether what is dead refuses or hangs, and when; a failure names it.
@Suite("Through whole outages nothing but the faulty region turns red (I10)")
struct FleetHistoryTests {
  private static let regions = ["us", "eu", "ap"]
  private static let seeds: ClosedRange<UInt64> = 1...6
  private static let faultMs: Int64 = 30_000
  private static let mendMs: Int64 = 80_000
  private static let endMs: Int64 = 110_000

  private final class World: Sendable {
    let now = Mutex<Int64>(1_000_000)
    var nowMs: Int64 { now.withLock { $0 } }
  }

  /// What does not work while the fault lasts: a region and a component as seen from it; `*` is any.
  struct Fault {
    let region: String
    let components: Set<String>
    var cutsRedis = false
    var cutsDatabase = false
    func hits(_ name: String) -> Bool { region == "*" || region == name }
  }

  private struct Looker {
    let probe: Probe
    let regionIndex: Int
    var nextMs: Int64
    var endsMs: Int64?
    var reported = false
  }

  /// Plays a fault and returns for each region when it was red, as its own health service said, in ms since the start.
  private func play(_ fault: Fault, seed: UInt64, hangs: Bool) throws -> [String: [Int64]] {
    var generator = SystemSeed(state: seed)
    let world = World()
    let start = world.nowMs
    let clock = HealthClock(monotonicMs: { world.nowMs }, wallMs: { world.nowMs })
    let (redis, database) = (
      MemoryHealthBoard(nowMs: { world.nowMs }), MemoryHealthBoard(nowMs: { world.nowMs })
    )
    var lookers: [Looker] = []
    var states: [HealthState] = []
    var beats: [Int64] = []
    for (index, region) in Self.regions.enumerated() {
      var probes = [
        Probe(target: .database, interval: .seconds(1), deadline: .seconds(2), thresholds: .init(rise: 2, fall: 2)) {
          .pass
        },
        Probe(target: .api, interval: .seconds(3), deadline: .seconds(4)) { .pass },
        Probe(target: .redis) { .pass },
      ]
      for other in Self.regions {
        probes.append(Probe(target: .storage(try LocationID(parsing: "\(other)storage"))) { .pass })
      }
      states.append(
        HealthState(
          region: try RegionName(parsing: region), home: try LocationID(parsing: "\(region)storage"),
          instance: "\(region)-1", policy: VerdictPolicy(regions: Self.regions), expected: probes, clock: clock))
      for probe in probes {
        lookers.append(
          Looker(probe: probe, regionIndex: index, nextMs: start + Int64.random(in: 0...3_000, using: &generator)))
      }
      beats.append(start + Int64.random(in: 0...2_000, using: &generator))
    }
    var red: [String: [Int64]] = [:]
    for step in stride(from: Int64(0), to: Self.endMs, by: 100) {
      let now = start + step
      world.now.withLock { $0 = now }
      let isFaulty = (Self.faultMs..<Self.mendMs).contains(step)
      for index in lookers.indices {
        var looker = lookers[index]
        let region = Self.regions[looker.regionIndex]
        let isDead = isFaulty && fault.hits(region) && fault.components.contains(looker.probe.target.name)
        let state = states[looker.regionIndex]
        if let ends = looker.endsMs {
          // A look that hangs is reported at its deadline and every second after, and ends when the fault does.
          if !isDead {
            looker.endsMs = nil
            looker.nextMs = now + 1_000
          } else if now >= ends {
            state.record(looker.probe, .fail("no answer"), durationMs: 1)
            looker.endsMs = now + 1_000
          }
        } else if now >= looker.nextMs {
          if isDead, hangs {
            looker.endsMs = now + looker.probe.deadline.wholeMs
          } else {
            let recorded = state.record(looker.probe, isDead ? .fail("refused") : .pass, durationMs: 1)
            let pause = recorded.isTurning ? 1_000 : looker.probe.interval.wholeMs
            looker.nextMs = now + Int64(Double(pause) * Double.random(in: 0.8...1.2, using: &generator))
          }
        }
        lookers[index] = looker
      }
      for index in beats.indices where now >= beats[index] {
        let region = Self.regions[index]
        let isHit = isFaulty && fault.hits(region)
        if !(isHit && fault.cutsRedis) {
          redis.publish(states[index].snapshot)
          states[index].record(Exchange(observations: redis.observations(), reachedRedis: true))
        }
        if !(isHit && fault.cutsDatabase) {
          database.publish(states[index].snapshot)
          states[index].record(Exchange(observations: database.observations(), reachedDatabase: true))
        }
        beats[index] = now + Int64.random(in: 1_600...2_400, using: &generator)
      }
      guard step >= 15_000, step % 500 == 0 else { continue }
      for (index, region) in Self.regions.enumerated() {
        let verdict = try #require(states[index].verdict(on: region))
        if !verdict.read.servesTraffic { red[region, default: []].append(step) }
      }
    }
    return red
  }

  /// Plays the fault with every seed; whoever is not `expected` must never be red, and `expected` from `within` after the
  /// fault until it is mended, and never from `within` after that.
  private func check(_ fault: Fault, red expected: [String], within limitMs: Int64) throws {
    for seed in Self.seeds {
      for hangs in [false, true] {
        let red = try play(fault, seed: seed, hangs: hangs)
        for region in Self.regions {
          let times = red[region] ?? []
          if expected.contains(region) {
            let isLate = stride(from: Self.faultMs + limitMs, to: Self.mendMs, by: 500).contains { !times.contains($0) }
            let isEarly = times.contains { $0 < Self.faultMs || $0 > Self.mendMs + limitMs }
            if isLate || isEarly {
              Issue.record(
                "seed \(seed), hangs \(hangs): \(region) was red at \(times.first ?? -1)…\(times.last ?? -1)")
              return
            }
          } else if let first = times.first {
            Issue.record("seed \(seed), hangs \(hangs): \(region) was red at \(first) ms")
            return
          }
        }
      }
    }
  }

  @Test func aDatabaseThatDiesForAllTurnsNobodyRedNorDoesItsReturn() throws {
    try check(Fault(region: "*", components: ["database", "api"], cutsDatabase: true), red: [], within: 0)
  }

  @Test func redisThatDiesForAllTurnsNobodyRed() throws {
    try check(Fault(region: "*", components: ["redis"], cutsRedis: true), red: [], within: 0)
  }

  @Test func aDeadStoreTurnsItsRegionRedAndNoOther() throws {
    // A few seconds of these are the wait for another region's word that its own store still works.
    try check(Fault(region: "*", components: ["storage:eustorage"]), red: ["eu"], within: 14_000)
  }

  @Test func storesThatAllDieAtOnceTurnNobodyRed() throws {
    let stores = Set(Self.regions.map { "storage:\($0)storage" })
    try check(Fault(region: "*", components: stores), red: [], within: 0)
  }

  @Test func aDeadAPITurnsItsRegionRed() throws {
    try check(Fault(region: "eu", components: ["api"]), red: ["eu"], within: 11_000)
  }

  @Test func aRegionThatLosesTheDatabaseAloneTurnsRed() throws {
    try check(Fault(region: "eu", components: ["database", "api"], cutsDatabase: true), red: ["eu"], within: 15_000)
  }

  @Test func aRegionCutOffFromEverythingSendsItselfOut() throws {
    try check(
      Fault(
        region: "eu", components: ["database", "redis", "api", "storage:usstorage", "storage:apstorage"],
        cutsRedis: true, cutsDatabase: true), red: ["eu"], within: 15_000)
  }
}

/// Random numbers that a seed repeats (SplitMix64).
private struct SystemSeed: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
