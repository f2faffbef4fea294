/// Polls `condition` until it holds; throws `ConditionNeverHeld` when the deadline passes first.
package func untilTrue(
  within limit: Duration = .seconds(20), _ condition: @Sendable () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw ConditionNeverHeld() }
    try await Task.sleep(for: .milliseconds(2))
  }
}

/// A condition a test waited for did not come about.
package struct ConditionNeverHeld: Error {}
