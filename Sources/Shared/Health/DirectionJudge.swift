import SharedModel

/// Judges one region in one direction from the evidence on all, before drains and the panic guard.
struct DirectionJudge: Sendable {
  /// A judgement, and how far the region is from working.
  struct Finding: Sendable {
    let judgement: Judgement
    /// 0 for a region that serves; grows with what fails.
    let illness: Int
    /// Whether the panic guard must leave it as it is.
    let isFinal: Bool
  }

  let direction: TrafficDirection
  /// All regions that something recent is known of.
  let evidence: [RegionEvidence]
  let policy: VerdictPolicy
  let own: RegionName
  let board: BoardReach
  /// How many regions there are.
  let regionCount: Int

  /// What one component adds to the judgement.
  private struct Contribution {
    let status: ProbeStatus
    let reason: Reason
    var weight = 100
    var illness = 0
  }

  /// Judges the region.
  func finding(on region: RegionEvidence) -> Finding {
    let database = region.word(.database, direction)
    if region.region == own.description, database?.status == .fail, !board.isReachable, regionCount > 1 {
      // Nobody can tell whether the others see the same; from here nothing can be served for certain.
      let reason = Reason(
        code: .isolated, component: ProbeTarget.database.name,
        text: "neither the database nor any other region can be reached from here")
      return Finding(judgement: Judgement(status: .fail, reasons: [reason]), illness: 1000, isFinal: true)
    }
    var contributions = region.words(direction).compactMap { contribution(of: $0, in: region) }
    for target in [ProbeTarget.database, .storage(region.home)] where region.word(target, direction) == nil {
      contributions.append(Self.unknown(target.name, nil))
    }
    contributions += region.disagreements.map { Contribution(status: .warn, reason: $0) }
    contributions.sort { left, right in
      (Self.gravity(left.status), left.reason.component ?? "", left.reason.code.rawValue)
        < (Self.gravity(right.status), right.reason.component ?? "", right.reason.code.rawValue)
    }
    let status = contributions.first?.status ?? .pass
    return Finding(
      judgement: Judgement(
        status: status, weight: contributions.map(\.weight).min() ?? 100, reasons: contributions.map(\.reason)),
      illness: contributions.reduce(0) { $0 + $1.illness }, isFinal: false)
  }

  private func contribution(of word: ComponentWord, in region: RegionEvidence) -> Contribution? {
    if word.status == .pass { return nil }
    switch ProbeTarget.dependencyClass(of: word.component, home: region.home) {
    case .informative: return word.status == .unknown ? nil : Self.warning(word)
    case .remote: return word.status == .unknown ? nil : Self.warning(word, failed: .remoteFailed)
    case .shared: return shared(word, in: region)
    case .regional: return regional(word, in: region)
    }
  }

  private func shared(_ word: ComponentWord, in region: RegionEvidence) -> Contribution {
    guard word.component == ProbeTarget.database.name else {
      // Redis is the doorbell in front of the jobs table (D1): without it everything is slower, nothing is wrong.
      return Self.warning(word)
    }
    switch word.status {
    case .pass, .warn: return Self.warning(word)
    case .unknown: return Self.unknown(word.component, word.reason)
    case .fail:
      guard isShared(word, of: region) else { return Self.failure(word, illness: 16) }
      return Contribution(
        status: .warn,
        reason: Reason(
          code: .sharedFate, component: word.component,
          text: Self.text(word) + "; no other region is known to do better")
      )
    }
  }

  private func regional(_ word: ComponentWord, in region: RegionEvidence) -> Contribution {
    let (api, home) = (ProbeTarget.api.name, ProbeTarget.storage(region.home).name)
    switch word.status {
    case .pass, .warn:
      return Self.warning(word)
    case .unknown:
      // What the region is judged by must have been seen to work; a clock or a disk nobody could look at is a warning.
      return word.component == api || word.component == home
        ? Self.unknown(word.component, word.reason) : Self.warning(word)
    case .fail where word.component == home && isLossOfAll(word, of: region):
      return Contribution(
        status: .warn,
        reason: Reason(
          code: .sharedFate, component: word.component,
          text: Self.text(word) + "; no other region's store is known to do better"))
    case .fail where word.component == home:
      guard direction == .read, policy.servesFromRemote, region.word(.api, .read)?.status.servesTraffic == true else {
        return Self.failure(word, illness: 4)
      }
      return Contribution(
        status: .warn,
        reason: Reason(
          code: .servedFromRemote, component: word.component,
          text: Self.text(word) + "; pulls are served from other regions' stores"),
        weight: 50)
    case .fail where word.component == api:
      // An API without its database fails for the database's reason, and shares that one's fate, also while the canary is
      // still to be pulled again after the database's return.
      if let database = region.word(.database, direction),
        database.status == .fail ? isShared(database, of: region) : hasReturned(database, since: word, of: region)
      {
        return Contribution(
          status: .warn,
          reason: Reason(
            code: .sharedFate, component: api, text: Self.text(word) + "; the database does not work either")
        )
      }
      return Self.failure(word, illness: 8)
    case .fail:
      return Self.failure(word, illness: 2)
    }
  }

  /// Whether a failing component that all regions stand on is to be taken to fail for all of them.
  ///
  /// It is this region's own failure once another one has seen the component work all the while. Regions notice one after
  /// another, both that it fails and that it works again, so "all the while" begins a grace after the failure here, and
  /// the other region must have seen it work for as long.
  private func isShared(_ word: ComponentWord, of region: RegionEvidence) -> Bool {
    guard regionCount > 1 else { return false }
    let grace = policy.sharedGraceMs
    return !evidence.contains { other in
      guard other.region != region.region,
        let seen = other.words(direction).first(where: { $0.component == word.component }), seen.status.servesTraffic
      else { return false }
      return seen.heldMs >= grace && word.heldMs - grace >= seen.lookAgeMs
    }
  }

  /// Whether the stores of all other regions that are heard of fail as this region's does, or have not been seen to work
  /// since: stores that fail together are noticed one after another, and no region is to leave before it has heard of the
  /// others. Where nobody else is heard, a region answers for its own store alone.
  private func isLossOfAll(_ word: ComponentWord, of region: RegionEvidence) -> Bool {
    let grace = policy.homeGraceMs
    let others = evidence.filter { $0.region != region.region }
      .compactMap { other in other.word(.storage(other.home), direction) }
    return !others.isEmpty
      && !others.contains { seen in
        seen.status.servesTraffic && seen.heldMs >= grace && word.heldMs - grace >= seen.lookAgeMs
      }
  }

  /// Whether the database, which works, has only just come back for all regions, and was away when `word` began to fail.
  private func hasReturned(_ database: ComponentWord, since word: ComponentWord, of region: RegionEvidence) -> Bool {
    guard regionCount > 1, database.status.servesTraffic, database.heldMs < policy.sharedReturnMs,
      database.heldMs < word.heldMs
    else { return false }
    return !evidence.contains { other in
      guard other.region != region.region, let seen = other.word(.database, direction), seen.status.servesTraffic else {
        return false
      }
      return seen.heldMs >= word.heldMs
    }
  }

  private static func failure(_ word: ComponentWord, illness: Int) -> Contribution {
    Contribution(
      status: .fail, reason: Reason(code: .componentFailed, component: word.component, text: text(word)),
      illness: illness)
  }

  private static func warning(_ word: ComponentWord, failed: ReasonCode = .componentFailed) -> Contribution {
    let code: ReasonCode =
      switch word.status {
      case .fail: failed
      case .unknown: .componentUnknown
      case .pass, .warn: .componentWarning
      }
    return Contribution(status: .warn, reason: Reason(code: code, component: word.component, text: text(word)))
  }

  private static func unknown(_ component: String, _ reason: String?) -> Contribution {
    Contribution(
      status: .unknown,
      reason: Reason(code: .componentUnknown, component: component, text: reason ?? "not looked at yet"), illness: 1)
  }

  private static func text(_ word: ComponentWord) -> String {
    word.reason ?? (word.status == .fail ? "it does not work" : "it wants attention")
  }

  private static func gravity(_ status: ProbeStatus) -> Int {
    switch status {
    case .fail: 0
    case .unknown: 1
    case .warn: 2
    case .pass: 3
    }
  }
}
