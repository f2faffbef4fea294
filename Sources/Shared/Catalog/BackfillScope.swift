package import SharedModel

/// What a backfill looks at: all blobs and all locations, or those of one namespace, or one location.
package struct BackfillScope: Sendable, Hashable {
  /// Nil: every location.
  package let location: LocationID?
  /// Nil: blobs of every namespace.
  package let namespace: String?

  /// Describes a scope; everything by default.
  package init(location: LocationID? = nil, namespace: String? = nil) {
    self.location = location
    self.namespace = namespace
  }

  /// What the names of all walks begin with.
  package static let sweepPrefix = "backfill"

  /// The name its walk is on record under; scopes that differ have names that differ.
  package var sweepName: String {
    let place = Self.sweepPrefix + (location.map { " location=\($0)" } ?? "")
    guard let namespace else { return place }
    let name = "\(place) namespace=\(namespace)"
    // The column holds 255 characters; a name beyond that is told apart by its digest.
    return name.utf8.count <= 255 ? name : "\(place) \(Digest(of: namespace.utf8))"
  }

  /// The scope of a name on record; nil for a name no scope has, and for a namespace too long to be read from it.
  package init?(sweepName: String) {
    var words = sweepName.split(separator: " ")[...]
    guard words.popFirst() == Self.sweepPrefix[...] else { return nil }
    var location: LocationID?
    var namespace: String?
    for word in words {
      if word.hasPrefix("location="), location == nil {
        // A name that is no location's is no scope's either: that is the answer, not a failure.
        guard let id = try? LocationID(parsing: word.dropFirst("location=".count)) else { return nil }
        location = id
      } else if word.hasPrefix("namespace="), namespace == nil {
        namespace = String(word.dropFirst("namespace=".count))
      } else {
        return nil
      }
    }
    self.init(location: location, namespace: namespace)
  }
}
