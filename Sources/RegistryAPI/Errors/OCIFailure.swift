import HTTPTypes
import Shared

/// A request that is answered with an error: the status, the entries of the body and the headers that belong to it.
struct OCIFailure: Error, Sendable {
  /// One element of the body's `errors` array.
  struct Entry: Sendable, Equatable {
    let code: OCIErrorCode
    let message: String
    /// What the error is about (a digest, a name), or nil.
    var detail: String?
    /// Whether the registry as a whole takes no writes: Quay's `is_readonly` (endpoints/v2/errors.py).
    var isReadOnly = false
  }

  var status: HTTPResponse.Status
  var entries: [Entry]
  var fields = HTTPFields()
  /// What the log says beside the answer; never shown to the client.
  var cause: String?

  /// A failure with one entry; the status is the code's own unless given.
  init(_ code: OCIErrorCode, status: HTTPResponse.Status? = nil, _ message: String, detail: String? = nil) {
    self.status = status ?? code.status
    entries = [Entry(code: code, message: message, detail: detail)]
  }

  /// A failure with one entry of the same code for each detail.
  init(_ code: OCIErrorCode, _ message: String, details: [String]) {
    status = code.status
    entries = details.map { Entry(code: code, message: message, detail: $0) }
  }

  /// A dependency that is down: 503 with `Retry-After`, never a 401 or 404 (wire check 106).
  static func unavailable(_ message: String, retryAfter: Duration?, cause: String) -> OCIFailure {
    var failure = OCIFailure(.unavailable, message)
    let seconds = min(max(retryAfter?.components.seconds ?? 1, 1), 600)
    failure.fields[.retryAfter] = String(seconds)
    failure.cause = cause
    return failure
  }

  /// The body: `{"errors":[{"code":…,"message":…,"detail":…}]}` (OCI distribution-spec, "Error Codes").
  var body: [UInt8] {
    var json = JSONText()
    json.object {
      $0.array("errors", entries) { json, entry in
        json.object {
          $0.member("code", entry.code.rawValue)
          $0.member("message", entry.message)
          if let detail = entry.detail { $0.member("detail", detail) }
          if entry.isReadOnly { $0.member("is_readonly", true) }
        }
      }
    }
    return json.bytes
  }
}
