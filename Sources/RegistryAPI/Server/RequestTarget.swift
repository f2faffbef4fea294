import HTTPTypes
import HummingbirdCore

/// The path and the query of a request, raw and within limits.
struct RequestTarget {
  /// Longer targets are refused (security rule 17).
  static let maximumBytes = 8 << 10

  let path: Substring
  /// Without the question mark; empty where there is none.
  let query: Substring

  /// Splits the target; throws 414 where it is too long.
  init(_ request: Request) throws(OCIFailure) {
    let target = request.head.path ?? "/"
    guard target.utf8.count <= Self.maximumBytes else {
      throw OCIFailure(.nameInvalid, status: .uriTooLong, "the URL is too long")
    }
    let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
    path = target[..<mark]
    query = mark == target.endIndex ? "" : target[target.utf8.index(after: mark)...]
  }
}
