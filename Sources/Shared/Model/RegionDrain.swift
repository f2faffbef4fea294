/// An operator's order to send a region no traffic.
package struct RegionDrain: Sendable, Codable, Hashable {
  /// Which traffic is kept away.
  package enum Direction: String, Sendable, Codable, CaseIterable {
    case both
    case read
    case write

    /// Whether reads are kept away.
    package var coversReads: Bool { self != .write }
    /// Whether writes are kept away.
    package var coversWrites: Bool { self != .read }
  }

  package let region: String
  package let direction: Direction
  /// The operator's words, one line.
  package let reason: String
  /// Who gave the order.
  package let by: String
  /// When, in milliseconds since the epoch by the database's clock.
  package let sinceMs: Int64
  /// When it ends by itself, by the same clock; nil where only an operator ends it.
  package let untilMs: Int64?

  /// Describes a drain.
  package init(
    region: String, direction: Direction, reason: String, by: String, sinceMs: Int64, untilMs: Int64? = nil
  ) {
    self.region = region
    self.direction = direction
    self.reason = reason
    self.by = by
    self.sinceMs = sinceMs
    self.untilMs = untilMs
  }

  /// Whether it is in force at an instant of the database's clock.
  package func isInForce(atMs nowMs: Int64) -> Bool { untilMs.map { nowMs < $0 } ?? true }
}
