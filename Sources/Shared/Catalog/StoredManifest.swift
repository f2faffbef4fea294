package import SharedModel

/// A manifest on record.
package struct StoredManifest: Sendable, Hashable {
  package let digest: Digest
  /// As it was pushed, without parameters.
  package let mediaType: String
  package let sizeBytes: Int64
  /// The exact bytes as pushed; nil where the question was for the digest only.
  package let bytes: [UInt8]?

  /// Describes a manifest.
  package init(digest: Digest, mediaType: String, sizeBytes: Int64, bytes: [UInt8]?) {
    self.digest = digest
    self.mediaType = mediaType
    self.sizeBytes = sizeBytes
    self.bytes = bytes
  }
}

/// The answer to a question for a manifest within a repository.
package enum ManifestLookup: Sendable, Hashable {
  case repositoryUnknown
  case manifestUnknown
  case found(StoredManifest)
}

/// What became of a manifest PUT.
package enum PutManifestOutcome: Sendable, Hashable {
  /// The manifest, its references and its tags are durable.
  case stored
  /// These blobs are not linked in the repository, or no good copy of them is left; nothing was written.
  case blobsUnknown([Digest])
  /// These manifests of the index are not in the repository; nothing was written.
  case childrenUnknown([Digest])
  /// The descriptors of these digests state another size than the content has; nothing was written.
  case sizeMismatch([Digest])
}

/// What became of a manifest DELETE.
package enum DeleteManifestOutcome: Sendable, Hashable {
  /// The manifest and its tags are gone.
  case deleted
  case unknown
  /// An index in the repository lists it, so it stays (I4).
  case referenced
}
