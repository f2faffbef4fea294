/// Which part of the world a component belongs to, seen from the region that depends on it.
///
/// The class decides what the component's failure may do to the region's verdict (H4, I10).
package enum DependencyClass: String, Sendable, Codable, CaseIterable {
  /// The region's own: its API, its home store, its disk, certificate and clock. A failure turns the region red.
  case regional
  /// What all regions stand on: database and Redis. A failure that every region sees ejects none.
  case shared
  /// The stores of other regions. A failure never turns this region red.
  case remote
  /// Worth telling, never a reason to stop traffic: the age of the replication's backlog.
  case informative
}
