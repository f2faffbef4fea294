import HTTPTypes
import NIOCore
import Shared

/// Errors of `/api/v1`, in the shape of Quay's API: one object with `status`, `error_type`, `title`, `detail` and
/// `error_message` (quay: endpoints/exception.py, after RFC 7807).
enum APIError {
  /// The `error_type` of a status; Quay's words where Quay has one.
  static func type(of status: HTTPResponse.Status) -> String {
    switch status.code {
    case 400, 413, 414, 415, 416, 431: "invalid_request"
    case 401: "invalid_token"
    case 403: "insufficient_scope"
    case 404: "not_found"
    case 405: "method_not_allowed"
    case 409: "conflict"
    case 429: "too_many_requests"
    case 502, 503, 504: "downstream_issue"
    default: "internal_error"
    }
  }

  /// The body for a failure.
  static func body(_ failure: OCIFailure) -> [UInt8] {
    let first = failure.entries.first
    let message = first?.message ?? failure.status.reasonPhrase
    let type = type(of: failure.status)
    var json = JSONText()
    json.object {
      $0.member("status", Int64(failure.status.code))
      $0.member("error_type", type)
      $0.member("title", type)
      $0.member("detail", first?.detail.map { "\(message): \($0)" } ?? message)
      $0.member("error_message", message)
    }
    return json.bytes
  }
}

extension OCIFailure {
  /// A repository or image that does not exist, or that the client may not see: the same answer for both (I11).
  static var nothingToSee: OCIFailure { OCIFailure(.nameUnknown, "there is no such repository or image") }
}

extension Answer {
  /// The answer of `/api/v1` that reports a failure.
  ///
  /// To the challenge of the registry, which leads to a token, a 401 adds Basic, which operators' tools use.
  init(api failure: OCIFailure) {
    self = .json(failure.status, APIError.body(failure))
    for field in failure.fields { fields[field.name] = field.value }
    if failure.status == .unauthorized {
      fields.append(HTTPField(name: .wwwAuthenticate, value: #"Basic realm="registry", charset="UTF-8""#))
    }
  }
}
