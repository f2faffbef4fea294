import Shared

/// The `n` and `last` of a list request: keyset paging only (security rule 37).
struct Page: Sendable, Equatable {
  /// More than this is never returned at once; a larger `n` is clamped (CVE-2023-2253).
  static let maximumSize = 1000

  let size: Int
  /// The last item the client has seen, exclusive; need not exist.
  let after: String?

  /// Parses the parameters; throws 400 for an `n` that is no number, is negative or does not fit (wire check 90).
  init(_ query: QueryParameters) throws(OCIFailure) {
    if let text = query["n"] {
      guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit), let number = Int(text) else {
        throw OCIFailure(.paginationNumberInvalid, "n is not a usable number")
      }
      size = min(number, Self.maximumSize)
    } else {
      size = Self.maximumSize
    }
    let last = query["last"]
    guard (last?.utf8.count ?? 0) <= RepositoryName.maximumLengthBytes else {
      throw OCIFailure(.paginationNumberInvalid, "last is too long")
    }
    after = last
  }

  /// The value of `Link` for the page after `last` (RFC 8288), with one more parameter where the client gave one.
  func next(path: String, last: String, and extra: (name: String, value: String)? = nil) -> String {
    let more = extra.map { "&\($0.name)=\(PercentEncoding.encode($0.value))" } ?? ""
    return "<\(path)?n=\(size)&last=\(PercentEncoding.encode(last))\(more)>; rel=\"next\""
  }
}
