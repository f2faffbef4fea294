import HTTPTypes

/// The parameters of a request's query or form body, decoded once; a name may occur several times.
struct QueryParameters: Sendable {
  /// More parameters than this are refused; no client of the protocol sends as many.
  static let maximumCount = 1024

  private let pairs: [(name: String, value: String)]

  /// No parameters.
  static let none = QueryParameters(pairs: [])

  private init(pairs: [(name: String, value: String)]) { self.pairs = pairs }

  /// Parses `a=b&c=d`; throws 400 for broken percent-encoding, invalid UTF-8, NUL bytes and too many parameters.
  init(parsing text: Substring) throws(OCIFailure) {
    var pairs: [(name: String, value: String)] = []
    for field in text.utf8.split(separator: UInt8(ascii: "&")) {
      guard pairs.count < Self.maximumCount else { throw Self.malformed }
      let name = field.prefix { $0 != UInt8(ascii: "=") }
      let value = field.dropFirst(name.count + 1)
      pairs.append((try Self.decode(name), try Self.decode(value)))
    }
    self.pairs = pairs
  }

  /// The first value of `name`, or nil where it does not occur.
  subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

  /// Every value of `name` in order.
  func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

  private static func decode(_ raw: Substring.UTF8View) throws(OCIFailure) -> String {
    guard let bytes = PercentEncoding.decode(raw, plusIsSpace: true), !bytes.contains(0),
      let text = String(validating: bytes, as: UTF8.self)
    else { throw Self.malformed }
    return text
  }

  private static let malformed = OCIFailure(.unsupported, status: .badRequest, "the query is malformed")
}
