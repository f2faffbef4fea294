/// A snapshot as it was found: with its age, and whether it is this process's own.
package struct RegionObservation: Sendable, Hashable {
  package let snapshot: RegionSnapshot
  /// How old it is by the clock of the board it was read from, in milliseconds.
  package let ageMs: Int64
  /// Whether this process made it: then nothing is as fresh.
  package let isOwn: Bool

  /// Describes an observation.
  package init(snapshot: RegionSnapshot, ageMs: Int64, isOwn: Bool = false) {
    self.snapshot = snapshot
    self.ageMs = ageMs
    self.isOwn = isOwn
  }
}
