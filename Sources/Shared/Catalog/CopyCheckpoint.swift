package import SharedModel

/// Where a copy in parts can be taken up again by whoever holds the job's lease (D3).
package struct CopyCheckpoint: Sendable, Hashable {
  /// The key the object will have at the job's target.
  package let key: ObjectKey
  /// The target's own name for the multipart upload.
  package let multipartID: String
  /// The size of every part but the last.
  package let partBytes: Int64
  /// Every byte before this one is in a part and in the hash.
  package let offsetBytes: Int64
  /// What `ContentHasher(restoring:)` goes on from.
  package let hashState: [UInt8]
  /// The parts before the offset, ascending.
  package let parts: [UploadPartRecord]

  /// Describes a checkpoint.
  package init(
    key: ObjectKey, multipartID: String, partBytes: Int64, offsetBytes: Int64, hashState: [UInt8],
    parts: [UploadPartRecord]
  ) {
    self.key = key
    self.multipartID = multipartID
    self.partBytes = partBytes
    self.offsetBytes = offsetBytes
    self.hashState = hashState
    self.parts = parts
  }
}
