/// Keeps the least ill regions in while too many would be out (H4): a pool must not be emptied by its own judgement.
///
/// At most min(N − 1, ⌊N × fraction⌋) of N regions are out. Regions that nothing is known of, and those an operator took
/// out, count as out but are left so. Where no region is left at all, one that an operator took out and that works comes
/// before those that do not. A single region is told as it is: there is no pool to keep.
struct PanicGuard: Sendable {
  /// Where one region stands in one direction before the guard looks at it.
  struct Candidate: Sendable {
    enum Standing: Sendable, Equatable {
      /// Serves.
      case isIn
      /// Taken out by an operator; `works` is whether it would serve without that.
      case drained(works: Bool)
      /// Judged not to work; the larger `illness`, the less it is good for.
      case failing(illness: Int)
      /// Out for good reasons of its own, or unknown.
      case unusable
      /// Unknown for a reason that lies with whoever judges: taken to be in.
      case presumedIn
    }

    let region: String
    let standing: Standing
  }

  private let limit: Int
  private let count: Int

  /// A guard over so many regions.
  init(regions count: Int, maximumOutFraction: Double) {
    self.count = count
    let fraction = maximumOutFraction.isFinite ? min(max(maximumOutFraction, 0), 1) : 0
    // A hair more, so that two thirds of three are two.
    limit = count < 2 ? count : min(count - 1, Int((Double(count) * fraction + 1e-9).rounded(.down)))
  }

  /// The regions that stay in although they are out by judgement or by order.
  func kept(_ candidates: [Candidate]) -> Set<String> {
    guard count >= 2 else { return [] }
    let isIn = candidates.filter { $0.standing == .isIn || $0.standing == .presumedIn }.count
    var missing = (count - isIn) - limit
    guard missing > 0 else { return [] }
    var kept: [String] = []
    let failing = candidates.compactMap { candidate -> (illness: Int, region: String)? in
      guard case .failing(let illness) = candidate.standing else { return nil }
      return (illness, candidate.region)
    }.sorted { $0 < $1 }
    let othersAreOut = candidates.allSatisfy {
      switch $0.standing {
      case .drained, .failing, .unusable: true
      case .isIn, .presumedIn: false
      }
    }
    if othersAreOut, candidates.contains(where: { !$0.standing.isDrained }),
      let rested = candidates.filter({ $0.standing == .drained(works: true) }).map(\.region).min()
    {
      kept.append(rested)
      missing -= 1
    }
    kept += failing.prefix(max(missing, 0)).map(\.region)
    return Set(kept)
  }
}

extension PanicGuard.Candidate.Standing {
  fileprivate var isDrained: Bool {
    if case .drained = self { true } else { false }
  }
}
