/// Where health services publish what they see and read what the others saw.
package protocol HealthBoard: Sendable {
  /// Replaces what this health service published before.
  func publish(_ snapshot: RegionSnapshot) async throws
  /// Every health service's last snapshot with its age by the board's own clock.
  func observations() async throws -> [RegionObservation]
}
