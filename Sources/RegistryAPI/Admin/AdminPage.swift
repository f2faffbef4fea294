import HTTPTypes
import Shared

/// The `n` and `after` of a list: keyset paging only (security rule 37).
struct AdminPage: Sendable, Equatable {
  static let defaultSize = 50
  /// More than this is never returned at once; a larger `n` is clamped.
  static let maximumSize = 200

  let size: Int
  /// The last item the client has seen, exclusive; need not exist.
  let after: String?

  /// Parses the parameters; throws 400 for an `n` that is no number from 1 on, and for an `after` that is too long.
  init(_ query: QueryParameters) throws(OCIFailure) {
    if let text = query["n"] {
      guard text.utf8.allSatisfy(\.isDigit), let number = Int(text), number > 0 else {
        throw Self.invalid("n is not a usable number")
      }
      size = min(number, Self.maximumSize)
    } else {
      size = Self.defaultSize
    }
    after = query["after"]
    guard (after?.utf8.count ?? 0) <= RepositoryName.maximumLengthBytes else { throw Self.invalid("after is too long") }
  }

  /// `after` as the number of a job or of a blob.
  func afterNumber() throws(OCIFailure) -> Int64? {
    guard let after else { return nil }
    guard after.utf8.allSatisfy(\.isDigit), let number = Int64(after) else {
      throw Self.invalid("after is not a usable number")
    }
    return number
  }

  /// The value of `Link` for the page after `last` (RFC 8288), with the further parameters the client gave.
  func next(path: String, last: String, and extra: [(name: String, value: String?)] = []) -> String {
    let more = extra.map { pair in pair.value.map { "&\(pair.name)=\(PercentEncoding.encode($0))" } ?? "" }.joined()
    return "<\(path)?n=\(size)&after=\(PercentEncoding.encode(last))\(more)>; rel=\"next\""
  }

  static func invalid(_ message: String) -> OCIFailure {
    OCIFailure(.paginationNumberInvalid, status: .badRequest, message)
  }
}
