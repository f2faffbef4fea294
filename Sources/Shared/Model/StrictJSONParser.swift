/// The recursive-descent parser behind `StrictJSON`; its recursion is bounded by the depth limit.
struct StrictJSONParser {
  let bytes: [UInt8]
  let limits: StrictJSON.Limits
  var at = 0
  private var depth = 0
  private var values = 0

  init(bytes: [UInt8], limits: StrictJSON.Limits) {
    self.bytes = bytes
    self.limits = limits
  }

  /// The byte at the cursor, nil at the end.
  var current: UInt8? { at < bytes.count ? bytes[at] : nil }

  mutating func parseDocument() throws(ModelError) -> JSONValue {
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { throw refusal("a byte order mark") }
    skipBlanks()
    let value = try parseValue()
    skipBlanks()
    guard at == bytes.count else { throw refusal("bytes after the end of the document") }
    return value
  }

  func refusal(_ reason: String) -> ModelError { .invalidJSON(reason: reason, offset: at) }

  private mutating func parseValue() throws(ModelError) -> JSONValue {
    values += 1
    guard values <= limits.maximumValues else { throw refusal("more than \(limits.maximumValues) values") }
    guard let first = current else { throw refusal("the document ends too early") }
    switch first {
    case UInt8(ascii: "{"): return .object(try parseObject())
    case UInt8(ascii: "["): return .array(try parseArray())
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try parseNumber())
    case UInt8(ascii: "t"):
      try parseWord("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try parseWord("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try parseWord("null")
      return .null
    default: throw refusal("a value was expected")
    }
  }

  private mutating func parseObject() throws(ModelError) -> JSONObject {
    try enter()
    defer { depth -= 1 }
    var members: [JSONObject.Member] = []
    var names: Set<ExactText> = []
    skipBlanks()
    if take(UInt8(ascii: "}")) { return JSONObject(members: []) }
    while true {
      guard current == UInt8(ascii: "\"") else { throw refusal("a member name was expected") }
      let start = at
      let name = try parseString()
      guard names.insert(ExactText(text: name)).inserted else {
        throw .invalidJSON(reason: "the name '\(Excerpt(name))' appears twice in one object", offset: start)
      }
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw refusal("a colon was expected") }
      skipBlanks()
      members.append(.init(name: name, value: try parseValue()))
      skipBlanks()
      if take(UInt8(ascii: "}")) { return JSONObject(members: members) }
      guard take(UInt8(ascii: ",")) else { throw refusal("a comma or the end of the object was expected") }
      skipBlanks()
    }
  }

  private mutating func parseArray() throws(ModelError) -> [JSONValue] {
    try enter()
    defer { depth -= 1 }
    var elements: [JSONValue] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return [] }
    while true {
      elements.append(try parseValue())
      skipBlanks()
      if take(UInt8(ascii: "]")) { return elements }
      guard take(UInt8(ascii: ",")) else { throw refusal("a comma or the end of the array was expected") }
      skipBlanks()
    }
  }

  /// Steps over the opening bracket or brace.
  private mutating func enter() throws(ModelError) {
    depth += 1
    guard depth <= limits.maximumDepth else { throw refusal("nested deeper than \(limits.maximumDepth) levels") }
    at += 1
  }

  private mutating func parseWord(_ word: StaticString) throws(ModelError) {
    let expected = word.withUTF8Buffer { Array($0) }
    guard bytes.count - at >= expected.count, bytes[at..<(at + expected.count)].elementsEqual(expected) else {
      throw refusal("a value was expected")
    }
    at += expected.count
  }

  mutating func take(_ byte: UInt8) -> Bool {
    guard current == byte else { return false }
    at += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { at += 1 }
  }
}
