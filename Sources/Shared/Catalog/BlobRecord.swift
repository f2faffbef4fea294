package import SharedModel
package import SharedQueue

/// A blob on record, with the copies that may be served.
package struct BlobRecord: Sendable, Hashable {
  package let id: BlobID
  package let digest: Digest
  package let sizeBytes: Int64
  /// The verified placements only, ordered by location; empty while every copy is quarantined.
  package let placements: [Placement]

  /// Describes a blob.
  package init(id: BlobID, digest: Digest, sizeBytes: Int64, placements: [Placement]) {
    self.id = id
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.placements = placements
  }
}

/// The answer to a question for a blob by digest within a repository.
package enum BlobLookup: Sendable, Hashable {
  case repositoryUnknown
  /// Not linked in this repository, whatever other repositories hold.
  case blobUnknown
  case found(BlobRecord)
}
