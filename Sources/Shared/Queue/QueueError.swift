/// Why the queue did not do what it was asked to. No job is ever lost by it: the database knows them all (D1).
package enum QueueError: Error, Sendable, Equatable {
  /// The server cannot be reached or does not answer; the call may or may not have had an effect.
  case unavailable(detail: String)
  /// Too much is waiting already, or a second task asked to receive while one was blocking.
  case overloaded
  /// The server refused the call, or its answer could not be understood.
  case refused(detail: String)
  /// The calling task was cancelled.
  case cancelled
  /// The queue was closed.
  case closed

  /// Whether the same call may succeed when made again later.
  package var isRetryable: Bool {
    switch self {
    case .unavailable, .overloaded: true
    case .refused, .cancelled, .closed: false
    }
  }
}

extension QueueError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unavailable(let detail): "the queue is unavailable: \(detail)"
    case .overloaded: "too many calls to the queue are waiting"
    case .refused(let detail): "the queue refused the call: \(detail)"
    case .cancelled: "cancelled"
    case .closed: "the queue is closed"
    }
  }
}
