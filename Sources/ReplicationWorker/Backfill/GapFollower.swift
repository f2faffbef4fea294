import Shared

/// Follows the copies of a scope until nothing is in flight any more, looking at a pace the database does not feel.
struct GapFollower: Sendable {
  let count: GapCount
  let progress: ProgressLine
  /// Waits between two looks; throws when the task is cancelled.
  let pause: @Sendable (Duration) async throws -> Void

  /// Waits until no copy of the scope is queued or being made, and returns what is missing then.
  ///
  /// The bar counts open jobs, which costs little; what counts in the end is looked up blob by blob.
  func follow(from beginning: ReplicationGap) async throws -> ReplicationGap {
    var gap = beginning
    var total = gap.inFlight
    while gap.inFlight > 0 {
      progress.update(done: total - gap.inFlight, total: total)
      try await pause(.seconds(1))
      if count.scope.namespace == nil {
        // Quick, and enough as long as it is not nothing.
        var open = try await count.catalog.openJobCount(at: count.scope.location)
        var looks = 0
        while open > 0, looks < 60 {
          total = max(total, open)
          progress.update(done: total - open, total: total)
          try await pause(.seconds(1))
          open = try await count.catalog.openJobCount(at: count.scope.location)
          looks += 1
        }
      }
      let began = ContinuousClock.now
      gap = try await count.run()
      total = max(total, gap.inFlight)
      // Without the quick look, at most a twentieth of the time is spent on counting blob by blob.
      if gap.inFlight > 0, count.scope.namespace != nil {
        try await pause(min(began.duration(to: .now) * 20, .seconds(30)))
      }
    }
    progress.update(done: total, total: total)
    progress.finish()
    return gap
  }
}
