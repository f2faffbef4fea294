import Shared

/// A random moment of a random fleet: what was seen, the drains, the policy and what is reached.
struct RandomFleet {
  var observations: [RegionObservation] = []
  var drains: [RegionDrain] = []
  var policy = VerdictPolicy()
  var board = BoardReach(redis: true, database: true)
  var regions: [String]

  init(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    regions = Array(["us", "eu", "ap", "sa", "af"].prefix(Int.random(in: 1...5, using: &generator)))
    policy.regions = generator.chance(0.8) ? regions : Array(regions.prefix(1))
    policy.maximumOutFraction = generator.chance(0.5) ? 0.67 : Double.random(in: 0...1, using: &generator)
    policy.servesFromRemote = generator.chance(0.3)
    if generator.chance(0.2) { board = BoardReach(redis: generator.chance(0.3), database: generator.chance(0.3)) }
    // What fails fails in all regions in some fleets, and hardly anywhere in others.
    let sick = Double.random(in: 0...0.5, using: &generator)
    let isShared = generator.chance(0.3)
    let sharedStatus = Self.status(sick * 2, &generator)
    for region in regions {
      for instance in 1...(generator.chance(0.4) ? 2 : 1) {
        var words: [String: SnapshotMaking.Word] = [:]
        for component in ["database", "redis", "api", "clock", "disk", "replication"] {
          guard component == "database" || generator.chance(0.8) else { continue }
          words[component] = Self.word(sick, &generator)
        }
        if isShared { words["database"]?.read = sharedStatus }
        for other in regions { words["storage:\(try SnapshotMaking.home(other))"] = Self.word(sick, &generator) }
        let isOwn = region == regions[0] && instance == 1
        let ageMs: Int64 =
          isOwn
          ? 0
          : generator.chance(0.1)
            ? Int64.random(in: 15_001...100_000, using: &generator)
            : Int64.random(in: 0...15_000, using: &generator)
        let snapshot = try SnapshotMaking.snapshot(region, instance: "\(region)-\(instance)", words, others: regions)
        observations.append(RegionObservation(snapshot: snapshot, ageMs: ageMs, isOwn: isOwn))
      }
      guard generator.chance(0.1), let direction = RegionDrain.Direction.allCases.randomElement(using: &generator)
      else { continue }
      drains.append(RegionDrain(region: region, direction: direction, reason: "test", by: "test", sinceMs: 1))
    }
  }

  /// The verdicts by region.
  func verdicts(shuffledBy seed: UInt64? = nil) throws -> [String: RegionVerdict] {
    var (observations, drains) = (observations, drains)
    if let seed {
      var generator = SeededGenerator(seed: seed)
      observations.shuffle(using: &generator)
      drains.shuffle(using: &generator)
    }
    let list = VerdictEngine.verdicts(
      of: observations, drains: drains, policy: policy, own: try RegionName(parsing: regions[0]), board: board)
    return Dictionary(uniqueKeysWithValues: list.map { ($0.region, $0) })
  }

  /// The same fleet with every snapshot's components changed.
  func changing(_ change: (RegionSnapshot, ComponentHealth) -> ProbeStatus?) -> RandomFleet {
    var fleet = self
    fleet.observations = observations.map { observation in
      let old = observation.snapshot
      let components = old.components.map { health in
        guard let status = change(old, health) else { return health }
        return ComponentHealth(
          component: health.component, status: status, reason: nil, observedAtMs: 0, durationMs: 1,
          lookAgeMs: health.lookAgeMs, heldMs: health.heldMs, writeHeldMs: health.writeHeldMs)
      }
      return RegionObservation(
        snapshot: RegionSnapshot(
          region: old.region, home: old.home, instance: old.instance, atMs: old.atMs, components: components),
        ageMs: observation.ageMs, isOwn: observation.isOwn)
    }
    return fleet
  }

  private static func status(_ sick: Double, _ generator: inout SeededGenerator) -> ProbeStatus {
    if generator.chance(sick) { return .fail }
    return generator.chance(0.05) ? .unknown : generator.chance(0.1) ? .warn : .pass
  }

  private static func word(_ sick: Double, _ generator: inout SeededGenerator) -> SnapshotMaking.Word {
    SnapshotMaking.Word(
      read: status(sick, &generator), write: generator.chance(0.2) ? status(sick, &generator) : nil,
      heldMs: Int64.random(in: 0...60_000, using: &generator), lookAgeMs: Int64.random(in: 0...4_000, using: &generator)
    )
  }
}
