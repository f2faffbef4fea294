import HTTPTypes
import NIOCore
import Shared

/// What a request is answered with; the writer adds what every answer has.
struct Answer: Sendable {
  /// The bytes of an answer.
  enum Body: Sendable {
    case none
    /// Small content, written together with the head (foundations, must-know 6).
    case bytes(ByteBuffer)
    /// A blob or a part of one, passed on as it arrives from its copies.
    case blob(FailoverBody)
  }

  var status: HTTPResponse.Status
  var fields: HTTPFields
  var body: Body
  /// Whether the connection must not be used again, because what the client still sends cannot be told apart.
  var closesConnection = false

  /// Makes an answer; `Content-Length` is set from the body unless the fields have one.
  init(_ status: HTTPResponse.Status, fields: HTTPFields = HTTPFields(), body: Body = .none) {
    self.status = status
    self.fields = fields
    self.body = body
    guard fields[.contentLength] == nil, status != .noContent, status != .notModified else { return }
    switch body {
    case .none: self.fields[.contentLength] = "0"
    case .bytes(let bytes): self.fields[.contentLength] = String(bytes.readableBytes)
    case .blob(let blob): self.fields[.contentLength] = String(blob.lengthBytes)
    }
  }

  /// An answer whose body is JSON.
  static func json(_ status: HTTPResponse.Status, _ bytes: [UInt8]) -> Answer {
    var fields = HTTPFields()
    fields[.contentType] = "application/json"
    return Answer(status, fields: fields, body: .bytes(ByteBuffer(bytes: bytes)))
  }

  /// The answer that reports a failure.
  init(_ failure: OCIFailure) {
    self = .json(failure.status, failure.body)
    for field in failure.fields { fields[field.name] = field.value }
  }

  /// The same answer without its body, as HEAD asks for (RFC 9110 section 9.3.2); `Content-Length` stays.
  func withoutBody() -> Answer {
    var answer = self
    answer.body = .none
    return answer
  }
}
