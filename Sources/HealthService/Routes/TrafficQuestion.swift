/// Which direction of traffic somebody asks about.
enum TrafficQuestion: String, Sendable, Hashable, CaseIterable {
  /// Both must be served.
  case both
  /// Pulls.
  case read
  /// Pushes and deletions.
  case write
}
