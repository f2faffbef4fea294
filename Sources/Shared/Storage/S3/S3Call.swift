internal import HTTPTransport
internal import SharedModel

/// One request to S3 before it is signed.
struct S3Call: Sendable {
  var method: String
  /// Nil speaks of the bucket.
  var key: ObjectKey?
  var query: [(name: String, value: String)] = []
  /// Lower-case names; signed.
  var headers: [(name: String, value: String)] = []
  /// Sent but not signed.
  var unsignedHeaders: [(name: String, value: String)] = []
  /// The multipart upload spoken of, for naming it in errors.
  var upload: MultipartUpload?
  /// The object a part is copied from: what is missing when such a call says so.
  var source: ObjectKey?
  var weight = CallWeight.small
  /// The SHA-256 of the body, where it is known; the store refuses another body then.
  var bodyHash: Digest?

  /// HEAD of an object or, without a key, of the bucket.
  static func head(_ key: ObjectKey?) -> S3Call { S3Call(method: "HEAD", key: key) }

  /// A call about one multipart upload.
  static func multipart(
    _ method: String, _ upload: MultipartUpload, part: Int? = nil, weight: CallWeight = .small
  ) -> S3Call {
    let number = part.map { [(name: "partNumber", value: String($0))] } ?? []
    return S3Call(
      method: method, key: upload.key, query: number + [(name: "uploadId", value: upload.id)], upload: upload,
      weight: weight)
  }
}
