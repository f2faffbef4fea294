package import SharedModel

/// What is written of a manifest: its exact bytes and everything that is asked of it later without parsing it again.
package struct ManifestRecord: Sendable, Hashable {
  /// A piece of content the manifest refers to, with the size its descriptor states.
  package struct Link: Sendable, Hashable {
    package let digest: Digest
    package let sizeBytes: Int64

    /// Names a piece of content.
    package init(digest: Digest, sizeBytes: Int64) {
      self.digest = digest
      self.sizeBytes = sizeBytes
    }
  }

  package let digest: Digest
  package let mediaType: String
  package let bytes: [UInt8]
  /// The artifact type, or the config's media type where there is none (OCI distribution-spec, "Listing Referrers").
  package let artifactType: String?
  package let subject: Digest?
  package let annotations: [String: String]
  /// The config and the layers that must be here, as many times as they are listed.
  package let blobs: [Link]
  /// Layers that may be elsewhere: held where they are linked in the repository, never demanded.
  package let optionalBlobs: [Digest]
  /// The manifests of an index.
  package let children: [Link]

  /// Describes a manifest to be written.
  package init(
    digest: Digest, mediaType: String, bytes: [UInt8], artifactType: String? = nil, subject: Digest? = nil,
    annotations: [String: String] = [:], blobs: [Link] = [], optionalBlobs: [Digest] = [],
    children: [Link] = []
  ) {
    self.digest = digest
    self.mediaType = mediaType
    self.bytes = bytes
    self.artifactType = artifactType
    self.subject = subject
    self.annotations = annotations
    self.blobs = blobs
    self.optionalBlobs = optionalBlobs
    self.children = children
  }
}
