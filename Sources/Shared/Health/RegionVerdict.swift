package import SharedModel

/// Whether a region should be sent reads and writes, and why not.
package struct RegionVerdict: Sendable, Codable, Hashable {
  package let region: String
  package let read: Judgement
  package let write: Judgement
  /// The operator's drain in force, if any.
  package let drain: RegionDrain?
  /// How old the newest of what was heard of the region is, in milliseconds; -1 where nothing ever was.
  package let ageMs: Int64
  /// Whether that is too old to say anything.
  package let isStale: Bool
  /// The health services recently heard of in the region, ordered.
  package let instances: [String]
  /// One for each component that those see differently.
  package let disagreements: [Reason]

  /// States a verdict.
  package init(
    region: String, read: Judgement, write: Judgement, drain: RegionDrain? = nil, ageMs: Int64 = 0,
    isStale: Bool = false, instances: [String] = [], disagreements: [Reason] = []
  ) {
    self.region = region
    self.read = read
    self.write = write
    self.drain = drain
    self.ageMs = ageMs
    self.isStale = isStale
    self.instances = instances
    self.disagreements = disagreements
  }

  /// The judgement for both directions at once: the worse of the two.
  package var both: Judgement {
    guard read.servesTraffic else { return read }
    guard write.servesTraffic else { return write }
    return read.weight < write.weight || (read.weight == write.weight && read.status == .warn) ? read : write
  }
}
