/// Keeps a walk over rows to so many per second.
struct RowPace: Sendable {
  private let rowsPerSecond: Int
  private var looked = 0

  /// 0 for no bound.
  init(rowsPerSecond: Int) { self.rowsPerSecond = rowsPerSecond }

  /// Counts rows that were looked at.
  mutating func looked(at rows: Int) { looked += rows }

  /// Sleeps as long as the rows since the last rest may take; throws `CancellationError`.
  mutating func rest() async throws {
    defer { looked = 0 }
    guard rowsPerSecond > 0, looked > 0 else { return }
    try await ContinuousClock().sleep(for: .seconds(Double(looked) / Double(rowsPerSecond)))
  }
}
