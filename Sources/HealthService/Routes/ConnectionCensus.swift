import NIOCore
import Synchronization

/// Counts the connections that are open, and says how long one may stay without asking anything.
///
/// The fuller it is the shorter that time becomes, so that clients who hold connections for nothing cannot keep a balancer's
/// checks out (security rule 19).
final class ConnectionCensus: Sendable {
  /// The most connections at a time.
  let limit: Int
  private let count = Atomic<Int>(0)

  init(limit: Int = 4096) { self.limit = limit }

  /// Counts a connection; false where there are too many, and then it is not counted.
  func enter() -> Bool {
    let (_, count) = count.add(1, ordering: .relaxed)
    guard count > limit else { return true }
    self.count.subtract(1, ordering: .relaxed)
    return false
  }

  /// Counts a connection no longer.
  func leave() { count.subtract(1, ordering: .relaxed) }

  /// How many are open.
  var open: Int { count.load(ordering: .relaxed) }

  /// How long a connection may go without a whole request.
  var patience: TimeAmount {
    let open = open
    if open * 10 >= limit * 9 { return .seconds(1) }
    return open * 2 >= limit ? .seconds(5) : .seconds(60)
  }
}
