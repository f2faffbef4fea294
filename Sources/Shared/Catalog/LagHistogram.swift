package import SharedModel

/// How long the newest copies took, from the moment each was asked for to the moment it was on record.
package struct LagHistogram: Sendable, Hashable {
  /// Upper bounds of the classes in seconds, ascending; a last class without a bound follows.
  package static let boundsSeconds: [Int64] = [1, 2, 5, 10, 30, 60, 120, 300, 900, 3600, 21_600, 86_400]
  /// Copies looked at for each location.
  package static let copies = 1000

  package let location: LocationID
  /// The number of copies in each class, one more than there are bounds.
  package let counts: [Int64]

  /// Describes a distribution.
  package init(location: LocationID, counts: [Int64]) {
    self.location = location
    self.counts = counts
  }
}
