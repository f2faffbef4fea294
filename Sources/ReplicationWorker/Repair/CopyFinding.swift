import Shared

/// What was found where a copy should be.
enum CopyFinding: Sendable, Equatable {
  case good
  /// The store answers, and has no object at the key.
  case missing
  case wrongSize(actualBytes: Int64)
  case wrongContent(actual: Digest)
  /// Nothing can be said at the moment: it says nothing against the copy.
  case unknown(StorageError)

  /// Why the copy must not be served, in words for its row; nil where nothing speaks against it.
  var reason: String? {
    switch self {
    case .good, .unknown: nil
    case .missing: "the object is missing"
    case .wrongSize(let actual): "the object has \(actual) bytes"
    case .wrongContent(let actual): "the bytes hash to \(actual)"
    }
  }

  /// A word for labels and reports.
  var kind: String {
    switch self {
    case .good: "good"
    case .missing: "missing"
    case .wrongSize: "wrong_size"
    case .wrongContent: "wrong_content"
    case .unknown: "unknown"
    }
  }
}
