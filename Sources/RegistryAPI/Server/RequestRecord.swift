import HTTPTypes
import Logging
import Shared

/// What is remembered of a request for its log line; never a header, a query or a credential (security rule 34).
struct RequestRecord: Sendable {
  let id: RandomIdentifier
  let method: HTTPRequest.Method
  var kind = RouteKind.none
  var repository: RepositoryName?
  var status = HTTPResponse.Status.internalServerError
  var receivedBytes: Int64 = 0
  var sentBytes: Int64 = 0
  /// What went wrong behind the answer, where something did.
  var cause: String?

  /// Makes a record of a request that has just arrived.
  init(id: RandomIdentifier, method: HTTPRequest.Method) {
    self.id = id
    self.method = method
  }

  /// Failures of ours loudly, what changes something for the record, plain reads only when asked for: a registry answers
  /// thousands of them a second.
  var level: Logger.Level {
    if status.code >= 500 { return .error }
    if cause != nil { return .warning }
    return method == .get || method == .head ? .debug : .info
  }

  /// The line's fields.
  func metadata(duration: Duration) -> Logger.Metadata {
    var metadata: Logger.Metadata = [
      "request_id": "\(id)", "method": "\(method.rawValue)", "route": "\(kind.rawValue)", "status": "\(status.code)",
      "received_bytes": "\(receivedBytes)", "sent_bytes": "\(sentBytes)",
      "duration_ms": "\(duration / .milliseconds(1))",
    ]
    if let repository { metadata["repository"] = "\(repository)" }
    if let cause { metadata["cause"] = "\(cause)" }
    return metadata
  }
}
