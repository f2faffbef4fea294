import Shared

/// A JSON answer, read strictly, for tests to look things up in.
struct JSONAnswer {
  let status: Int
  let text: String
  private let value: JSONValue?

  /// Takes an answer; one whose body is no JSON has no members.
  init(_ answer: WireClient.Answer) {
    status = answer.status
    text = answer.text
    // A body that is no JSON fails the test by having nothing.
    value = try? StrictJSON.parse(answer.body)
  }

  /// The member as text, or nil where there is none.
  subscript(name: String) -> String? { value.flatMap { Self.member(name, of: $0) }.map(Self.text) }

  /// The member of the element of an array whose `location` is as given.
  subscript(array: String, location: String, name: String) -> String? {
    guard let value, case .array(let items) = Self.member(array, of: value) ?? .null else { return nil }
    let item = items.first { Self.member("location", of: $0).map(Self.text) == location }
    return item.flatMap { Self.member(name, of: $0) }.map(Self.text)
  }

  private static func member(_ name: String, of value: JSONValue) -> JSONValue? {
    guard case .object(let object) = value else { return nil }
    return object[name: name]
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let number): number.text
    case .string(let text): text
    case .array(let items): "[\(items.map(text).joined(separator: ","))]"
    case .object: "{}"
    }
  }
}

extension String {
  /// How often the text occurs.
  func components(of part: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
