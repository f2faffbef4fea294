private import Synchronization

/// A shared allowance of retries, so that a failing store sees little more traffic than a healthy one.
///
/// A token bucket: each retry takes one token, each success gives a tenth back. When it is empty calls fail at once.
package final class RetryBudget: Sendable {
  private let capacity: Double
  private let refund: Double
  private let tokens: Mutex<Double>

  /// Starts full.
  package init(capacity: Int = 50, refundPerSuccess: Double = 0.1) {
    self.capacity = Double(max(capacity, 0))
    refund = refundPerSuccess
    tokens = Mutex(self.capacity)
  }

  /// Takes a token; false where none is left.
  package func spend() -> Bool {
    tokens.withLock { tokens in
      guard tokens >= 1 else { return false }
      tokens -= 1
      return true
    }
  }

  /// Notes that a call succeeded.
  package func recordSuccess() {
    tokens.withLock { $0 = min($0 + refund, capacity) }
  }
}
