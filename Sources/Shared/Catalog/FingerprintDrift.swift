package import SharedModel

/// The regions that started with another configuration than this one (G8).
package struct FingerprintDrift: Sendable, Hashable {
  /// A region and what it last started with.
  package struct Other: Sendable, Hashable {
    package let region: RegionName
    package let fingerprint: String
    /// How long ago it started.
    package let ageMs: Int64
  }

  /// Ordered by region; never empty.
  package let others: [Other]
}
