package import SharedModel

/// What a store says of an object it holds.
package struct StoredObject: Sendable, Hashable {
  package let key: ObjectKey
  package let sizeBytes: Int64
  /// The digest recorded with the object when it was written, where the store keeps attributes.
  package let digest: Digest?

  /// Describes an object.
  package init(key: ObjectKey, sizeBytes: Int64, digest: Digest? = nil) {
    self.key = key
    self.sizeBytes = sizeBytes
    self.digest = digest
  }
}

extension Sequence<[UInt8]> {
  /// The number of bytes in all slices.
  var totalBytes: Int64 { reduce(0) { $0 + Int64($1.count) } }
}

/// What is recorded with an object when it is written.
package struct ObjectAttributes: Sendable, Hashable {
  /// The digest, where it is known before the first byte is sent (it is for copies, not for most uploads).
  package var digest: Digest?

  /// Describes an object to be written.
  package init(digest: Digest? = nil) { self.digest = digest }
}

/// A multipart upload in progress at one store.
package struct MultipartUpload: Sendable, Hashable {
  package let key: ObjectKey
  /// The store's own name for the upload; opaque, at most 1,024 bytes.
  package let id: String

  /// Names an upload.
  package init(key: ObjectKey, id: String) {
    self.key = key
    self.id = id
  }
}

extension MultipartUpload {
  /// Whether a text may be the name of an upload: short, and without spaces and control characters.
  static func isIdentifier(_ text: String) -> Bool {
    (1...1024).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
  }
}

/// A part that the store has confirmed.
package struct UploadedPart: Sendable, Hashable {
  /// From 1, ascending, gaps allowed.
  package let number: Int
  package let sizeBytes: Int64
  /// What the completion must name the part by.
  package let tag: String

  /// Describes a part.
  package init(number: Int, sizeBytes: Int64, tag: String) {
    self.number = number
    self.sizeBytes = sizeBytes
    self.tag = tag
  }
}

/// What a store allows of multipart uploads and single PUTs.
package struct PartLimits: Sendable, Hashable {
  /// The smallest size of a part that is not the last.
  package let minimumPartBytes: Int64
  package let maximumPartBytes: Int64
  package let maximumParts: Int
  package let maximumSinglePutBytes: Int64

  /// States limits.
  package init(minimumPartBytes: Int64, maximumPartBytes: Int64, maximumParts: Int, maximumSinglePutBytes: Int64) {
    self.minimumPartBytes = minimumPartBytes
    self.maximumPartBytes = maximumPartBytes
    self.maximumParts = maximumParts
    self.maximumSinglePutBytes = maximumSinglePutBytes
  }
}
