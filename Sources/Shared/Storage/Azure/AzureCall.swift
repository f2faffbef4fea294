internal import SharedModel

/// One request to the Blob service before it is authorised.
struct AzureCall: Sendable {
  /// What the request is about, for naming what is missing.
  enum Subject: Sendable {
    case container
    case object(ObjectKey)
    case upload(MultipartUpload)
  }

  var method: String
  var subject: Subject
  /// The blob's whole name; nil speaks of the container.
  var name: String?
  /// Lower-case names, values not encoded.
  var query: [(name: String, value: String)] = []
  /// Lower-case names.
  var headers: [(name: String, value: String)] = []
  /// The blob that bytes are copied from: what is missing when such a call says so.
  var source: ObjectKey?
  var weight = CallWeight.small

  /// A request about the object at `key`.
  static func object(_ method: String, _ key: ObjectKey, weight: CallWeight = .small) -> AzureCall {
    AzureCall(method: method, subject: .object(key), name: key.description, weight: weight)
  }

  /// A request about the blocks that an upload has staged under its key; `operation` is the value of `comp`.
  static func blocks(
    _ operation: String, _ upload: MultipartUpload, id: String? = nil, weight: CallWeight
  ) -> AzureCall {
    AzureCall(
      method: "PUT", subject: .upload(upload), name: upload.key.description,
      query: [(name: "comp", value: operation)] + (id.map { [(name: "blockid", value: $0)] } ?? []), weight: weight)
  }

  /// A request about the mark that says that an upload is open.
  static func mark(_ method: String, _ upload: MultipartUpload) -> AzureCall {
    AzureCall(method: method, subject: .upload(upload), name: AzureUploadMark.name(of: upload))
  }
}
