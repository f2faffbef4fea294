import HTTPTypes

/// A request as the page looks at it.
struct PageRequest: Sendable {
  let method: HTTPRequest.Method
  let path: String
  /// The query's parameters, decoded; of one named twice the first.
  let query: [String: String]
  let fields: HTTPFields
  /// The authority the request was sent to.
  let host: String?
  /// Who is asking, for the bound on logins.
  let peer: String
  /// Whether it was sent from this host, with no proxy between.
  var isLocal = false
  /// Reads the body; nil where it is longer than a form may be.
  let body: @Sendable () async throws -> [UInt8]?

  var isHead: Bool { method == .head }
  var isRead: Bool { method == .get || method == .head }

  /// The value of a cookie; the first one of that name.
  func cookie(_ name: String) -> String? {
    for field in fields[values: .cookie] {
      for pair in field.split(separator: ";") {
        let trimmed = pair.drop { $0 == " " }
        guard let equals = trimmed.firstIndex(of: "="), trimmed[..<equals] == name else { continue }
        return String(trimmed[trimmed.index(after: equals)...])
      }
    }
    return nil
  }
}
