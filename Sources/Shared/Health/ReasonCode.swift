/// Why a direction of a region is not plainly well, in words that scripts may rely on.
package enum ReasonCode: String, Sendable, Codable, CaseIterable {
  /// A component of the region does not work.
  case componentFailed = "component_failed"
  /// A component works, but something about it wants attention.
  case componentWarning = "component_warning"
  /// A component has not been looked at yet, or not for long.
  case componentUnknown = "component_unknown"
  /// Another region's store does not work as seen from here; this region serves on.
  case remoteFailed = "remote_failed"
  /// The home store cannot be read, and pulls are proven to work from another region's.
  case servedFromRemote = "served_from_remote"
  /// What fails here fails in every region heard of, so that no other region would do better.
  case sharedFate = "shared_fate"
  /// Neither the database nor any other way to the other regions works from here.
  case isolated
  /// It is out by its components, but too many regions are: the least ill ones stay in.
  case panicGuard = "panic_guard"
  /// Nothing recent was heard of the region.
  case stale
  /// An operator has taken the region out.
  case drained
  /// The region's health services see different things.
  case disagreement
  /// A code this program does not know: a newer one wrote it (I14).
  case other

  /// Reads a code of any version; never throws for an unknown word.
  package init(from decoder: any Decoder) throws {
    self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .other
  }
}
