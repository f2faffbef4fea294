/// Why a receiver did not take an event; no case carries a path, a query or a secret.
package enum WebhookFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The receiver's name has no address, or the answer did not come in time.
  case unresolved(detail: String)
  /// The receiver's address is one nothing is sent to.
  case forbidden(address: String)
  /// No connection, or it broke; the receiver may have got the event all the same.
  case unreachable(detail: String)
  /// It answered with another status than 2xx; redirects are not followed.
  case refused(status: Int, retryAfter: Duration?)
  /// The task was cancelled.
  case cancelled

  package var description: String {
    switch self {
    case .unresolved(let detail): "the name cannot be resolved: \(detail)"
    case .forbidden(let address): "the address \(address) is link-local or no host's"
    case .unreachable(let detail): "no answer: \(detail)"
    case .refused(let status, _) where (300..<400).contains(status): "HTTP \(status): redirects are not followed"
    case .refused(let status, _): "HTTP \(status)"
    case .cancelled: "cancelled"
    }
  }

  /// How long the receiver wants to be left alone.
  package var retryAfter: Duration? {
    if case .refused(_, let retryAfter) = self { return retryAfter }
    return nil
  }
}
