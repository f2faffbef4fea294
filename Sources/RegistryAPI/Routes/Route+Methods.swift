import HTTPTypes

extension Route {
  /// The methods the route answers, in the order the `Allow` header lists them (RFC 9110 section 15.5.6).
  var allowedMethods: [HTTPRequest.Method] {
    switch self {
    case .base, .catalog, .tags, .referrers, .metrics: [.get, .head]
    case .token: [.get, .head, .post]
    case .manifest: [.get, .head, .put, .delete]
    case .blob: [.get, .head, .delete]
    case .uploads: [.post]
    case .admin(let route): route.allowedMethods
    case .upload: [.get, .head, .patch, .put, .delete]
    }
  }

  /// Refuses a method the route does not have with 405 and `Allow`; override headers are never read (security rule 6).
  func requireMethod(_ method: HTTPRequest.Method) throws(OCIFailure) {
    guard !allowedMethods.contains(method) else { return }
    var failure = OCIFailure(.unsupported, status: .methodNotAllowed, "the method is not supported here")
    failure.fields[.allow] = allowedMethods.map(\.rawValue).joined(separator: ", ")
    throw failure
  }
}
