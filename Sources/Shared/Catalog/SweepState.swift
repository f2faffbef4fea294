/// Where a long walk stands: taken over by whoever holds it next, shown by status.
package struct SweepState: Sendable, Hashable {
  package let name: String
  /// Who walks, or walked last before its lease ran out; nil while nobody does.
  package let holder: String?
  /// Where to go on, in the sweep's own words; nil at the beginning of a round.
  package let cursor: String?
  /// What the round has counted so far, as JSON in the sweep's own words; `{}` at its beginning.
  package let progress: String
  /// When the round began; nil before the first.
  package let startedAtMs: Int64?
  /// When a whole round was last completed; nil before that.
  package let finishedAtMs: Int64?

  /// Describes a sweep.
  package init(
    name: String, holder: String?, cursor: String?, progress: String, startedAtMs: Int64?, finishedAtMs: Int64?
  ) {
    self.name = name
    self.holder = holder
    self.cursor = cursor
    self.progress = progress
    self.startedAtMs = startedAtMs
    self.finishedAtMs = finishedAtMs
  }
}
