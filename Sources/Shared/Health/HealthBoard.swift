package import SharedModel

/// Where regions publish what they see and read what the others saw.
package protocol HealthBoard: Sendable {
  /// Replaces the region's published snapshot.
  func publish(_ snapshot: RegionSnapshot) async throws
  /// Every region's last snapshot with its age in milliseconds by the board's own clock.
  func snapshots() async throws -> [(snapshot: RegionSnapshot, ageMs: Int64)]
}
