package import SharedModel
package import SharedQueue

/// What the catalog says of one object: whose bytes are at the key of a placement.
package struct PlacedBlob: Sendable, Hashable {
  package let blob: BlobID
  package let digest: Digest
  package let sizeBytes: Int64
  package let placement: Placement

  /// Describes an object that should be there.
  package init(blob: BlobID, digest: Digest, sizeBytes: Int64, placement: Placement) {
    self.blob = blob
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.placement = placement
  }
}
