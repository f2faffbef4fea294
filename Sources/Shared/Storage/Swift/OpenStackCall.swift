internal import HTTPTransport
internal import SharedModel

/// One request to Swift before it has a token.
struct OpenStackCall: Sendable {
  /// What is spoken of, for naming it in errors.
  enum Subject: Sendable {
    case container
    case object(ObjectKey)
    case upload(MultipartUpload)
  }

  var method: String
  /// The object's name in the container; nil speaks of the container.
  var name: String?
  var subject: Subject
  var query: [(name: String, value: String)] = []
  /// Lower-case names.
  var headers: [(name: String, value: String)] = []
  var weight = CallWeight.small

  /// A call about an object.
  init(_ method: String, _ key: ObjectKey, weight: CallWeight = .small) {
    self.method = method
    name = key.description
    subject = .object(key)
    self.weight = weight
  }

  /// A call about an object that belongs to a multipart upload.
  init(_ method: String, name: String, of upload: MultipartUpload, weight: CallWeight = .small) {
    self.method = method
    self.name = name
    subject = .upload(upload)
    self.weight = weight
  }

  /// A call about the container.
  init(container method: String, weight: CallWeight = .small) {
    self.method = method
    subject = .container
    self.weight = weight
  }
}
