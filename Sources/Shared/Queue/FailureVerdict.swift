/// What becomes of a job whose attempt failed.
package enum FailureVerdict: Sendable, Hashable {
  /// Try again once the delay has passed.
  case retry(after: Duration)
  /// Set the job aside for a person; it stays visible in every status.
  case park
  /// Every known source lacks the bytes; only a new push can help.
  case sourceLost
}
