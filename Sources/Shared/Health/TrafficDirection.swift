/// The two kinds of traffic a region is judged for apart.
package enum TrafficDirection: String, Sendable, CaseIterable {
  /// Pulls.
  case read
  /// Pushes.
  case write
}
