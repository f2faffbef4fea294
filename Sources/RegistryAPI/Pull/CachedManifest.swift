import HTTPTypes
import NIOCore
import Shared

/// A manifest ready to be sent: its bytes and the fields that never change.
struct CachedManifest: Sendable {
  let digest: Digest
  let bytes: ByteBuffer
  /// `Content-Type`, `Docker-Content-Digest`, `Content-Length` and `Etag` (wire checks 12, 13 and 16).
  let fields: HTTPFields
  let entityTag: String

  /// Prepares a manifest; `mediaType` is as it was pushed, without parameters.
  init(digest: Digest, mediaType: String, bytes: [UInt8]) {
    self.digest = digest
    self.bytes = ByteBuffer(bytes: bytes)
    entityTag = "\"\(digest)\""
    var fields = HTTPFields()
    fields.reserveCapacity(8)
    fields[.contentType] = mediaType
    fields[.contentLength] = String(bytes.count)
    fields[.dockerContentDigest] = digest.description
    fields[.eTag] = entityTag
    self.fields = fields
  }

  /// What the entry counts for in the cache.
  var costBytes: Int { bytes.readableBytes + 1024 }
}
