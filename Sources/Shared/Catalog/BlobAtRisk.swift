package import SharedModel
package import SharedQueue

/// A blob with exactly one verified copy.
package struct BlobAtRisk: Sendable, Hashable {
  package let blob: BlobID
  package let digest: Digest
  package let sizeBytes: Int64
  /// Where that copy is.
  package let location: LocationID
  /// Milliseconds since the epoch by the database's clock.
  package let createdAtMs: Int64

  /// Describes a blob.
  package init(blob: BlobID, digest: Digest, sizeBytes: Int64, location: LocationID, createdAtMs: Int64) {
    self.blob = blob
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.location = location
    self.createdAtMs = createdAtMs
  }
}
