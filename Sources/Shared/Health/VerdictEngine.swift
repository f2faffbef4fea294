package import SharedModel

/// Judges every region from what all health services saw: a pure function, so that every rule is tested without a probe.
///
/// Without clock and I/O: ages are part of what was seen. The same input in any order gives the same verdicts, so that
/// all health services that heard the same say the same. The rules, in the order they are applied:
///
/// 1. What is older than the policy allows says nothing; a region without anything recent is `unknown` (I10).
/// 2. A region's health services vote on each component (`ComponentWord`).
/// 3. The components make a judgement each for reads and writes, by their class (`DirectionJudge`): regional failures
///    turn the region red, shared ones only where another region does better, those of other regions' stores never.
/// 4. An operator's drain takes the region out.
/// 5. The panic guard keeps the least ill regions in (`PanicGuard`).
package enum VerdictEngine {
  /// The share of its traffic that a region gets which only the panic guard keeps in.
  private static let weightUnderGuard = 10

  /// The verdicts on all regions configured or heard of, `own` first, the others ordered by name.
  ///
  /// `drains` are those in force. `board` is by which ways the others are heard: while there is none, nothing is said of
  /// them.
  package static func verdicts(
    of observations: [RegionObservation], drains: [RegionDrain], policy: VerdictPolicy, own: RegionName,
    board: BoardReach
  ) -> [RegionVerdict] {
    let heard = Dictionary(grouping: observations, by: \.snapshot.region)
    let names = Set(policy.regions).union(heard.keys).union([own.description]).sorted()
    var evidence: [String: RegionEvidence] = [:]
    for name in names where board.isReachable || name == own.description {
      evidence[name] = RegionEvidence(
        region: name, observations: heard[name] ?? [], staleAfterMs: policy.staleAfterMs)
    }
    let orders = Dictionary(drains.map { ($0.region, $0) }) { first, second in
      first.sinceMs >= second.sinceMs ? first : second
    }
    var judgements: [TrafficDirection: [String: Judgement]] = [:]
    for direction in TrafficDirection.allCases {
      let judge = DirectionJudge(
        direction: direction, evidence: names.compactMap { evidence[$0] }, policy: policy, own: own, board: board,
        regionCount: names.count)
      judgements[direction] = judge.judgements(names, evidence: evidence, drains: orders)
    }
    let ordered = [own.description] + names.filter { $0 != own.description }
    return ordered.map { name in
      RegionVerdict(
        region: name, read: judgements[.read]?[name] ?? unheard, write: judgements[.write]?[name] ?? unheard,
        drain: orders[name], ageMs: evidence[name]?.ageMs ?? heard[name]?.map(\.ageMs).min() ?? -1,
        isStale: evidence[name] == nil, instances: evidence[name]?.instances ?? [],
        disagreements: evidence[name]?.disagreements ?? [])
    }
  }

  /// The judgement on a region that nothing recent is known of.
  fileprivate static let unheard = Judgement(
    status: .unknown, reasons: [Reason(code: .stale, text: "nothing recent was heard of the region")])

  /// The judgement on a region that an operator took out, where `found` is what it would be otherwise.
  fileprivate static func drained(_ drain: RegionDrain, found: Judgement) -> Judgement {
    Judgement(status: .fail, reasons: [Reason(code: .drained, text: drain.reason)] + found.reasons)
  }

  /// The judgement on a region that the panic guard keeps in.
  fileprivate static func kept(_ found: Judgement) -> Judgement {
    let reason = Reason(code: .panicGuard, text: "too many regions are out: the least ill ones stay in")
    return Judgement(status: .warn, weight: weightUnderGuard, reasons: [reason] + found.reasons)
  }
}

extension DirectionJudge {
  /// The judgements on all regions in this direction, drains and panic guard applied.
  fileprivate func judgements(
    _ names: [String], evidence: [String: RegionEvidence], drains: [String: RegionDrain]
  ) -> [String: Judgement] {
    var judgements: [String: Judgement] = [:]
    var candidates: [PanicGuard.Candidate] = []
    for name in names {
      let found = evidence[name].map { region in finding(on: region) }
      var judgement = found?.judgement ?? VerdictEngine.unheard
      var standing = Self.standing(found)
      // While nobody else can be heard, nobody else is known to be out.
      if !board.isReachable, name != own.description { standing = .presumedIn }
      if let drain = drains[name], direction == .read ? drain.direction.coversReads : drain.direction.coversWrites {
        standing = .drained(works: judgement.servesTraffic)
        judgement = VerdictEngine.drained(drain, found: judgement)
      }
      judgements[name] = judgement
      candidates.append(.init(region: name, standing: standing))
    }
    let panic = PanicGuard(regions: names.count, maximumOutFraction: policy.maximumOutFraction)
    for name in panic.kept(candidates) {
      if let judgement = judgements[name] { judgements[name] = VerdictEngine.kept(judgement) }
    }
    return judgements
  }

  private static func standing(_ found: Finding?) -> PanicGuard.Candidate.Standing {
    guard let found else { return .unusable }
    if found.judgement.servesTraffic { return .isIn }
    return found.judgement.status == .fail && !found.isFinal ? .failing(illness: found.illness) : .unusable
  }
}
