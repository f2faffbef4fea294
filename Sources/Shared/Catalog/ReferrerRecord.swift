package import SharedModel

/// A manifest that names another as its subject, as the list of referrers shows it.
package struct ReferrerRecord: Sendable, Hashable {
  package let digest: Digest
  package let mediaType: String
  package let sizeBytes: Int64
  /// The manifest's artifact type, or its config's media type where it has none; nil for an index without one.
  package let artifactType: String?
  package let annotations: [String: String]
}
