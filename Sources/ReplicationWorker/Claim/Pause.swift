/// Waits for a time; tests put their own in place of the clock.
struct Pause: Sendable {
  /// By the continuous clock.
  static let real = Pause { duration in
    // Cancellation is the only error sleeping has, and every loop that pauses looks at it next.
    try? await ContinuousClock().sleep(for: duration)
  }

  private let wait: @Sendable (Duration) async -> Void

  /// Waits as `wait` does, which must return early when its task is cancelled.
  init(_ wait: @escaping @Sendable (Duration) async -> Void) { self.wait = wait }

  /// Returns after `duration`, or when the task is cancelled.
  func callAsFunction(_ duration: Duration) async { await wait(duration) }
}
