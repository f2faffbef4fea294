import Shared

/// Holds bytes back until a target's bandwidth allows them.
protocol TransferPacing: Sendable {
  /// Returns once `bytes` more may be sent to `target`, in the order of asking; called before each request that reads
  /// them from a source.
  ///
  /// Throws only when the task is cancelled, and then nothing is charged.
  func admit(bytes: Int64, to target: LocationID) async throws(CancellationError)
}

/// No bandwidth is limited.
struct UnlimitedPacing: TransferPacing {
  func admit(bytes: Int64, to target: LocationID) async throws(CancellationError) {}
}
