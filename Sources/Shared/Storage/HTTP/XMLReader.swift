private import SharedModel

/// One element of a store's answer.
struct XMLElement: Sendable, Hashable {
  /// Without a namespace prefix.
  let name: String
  /// The character data directly inside the element.
  fileprivate(set) var text = ""
  fileprivate(set) var children: [XMLElement] = []

  /// The text of the first child of that name.
  subscript(name: String) -> String? { children.first { $0.name == name }?.text }

  /// The children of that name, in order.
  func children(named name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Why an answer is not XML this reader takes.
enum XMLFailure: Error, Sendable, Equatable {
  case tooLarge
  case notUTF8
  /// A DOCTYPE, comment, CDATA section or unknown entity: no store sends one, so none is interpreted.
  case forbidden
  case malformed
  case truncated
}

/// A strict reader for the small documents object stores answer with.
///
/// Bounded in bytes, depth and elements. Document types and entities of the document's own do not exist here, so neither
/// expansion nor external references can (security rule 35).
struct XMLReader {
  static let maximumBytes = 1 << 20
  /// A listing's thousand names may have 1,024 bytes each, and three times as many when they are percent-encoded.
  static let maximumListingBytes = 5 << 20
  private static let maximumDepth = 16
  private static let maximumElements = 50_000

  private let bytes: [UInt8]
  private var at = 0

  /// The root element of a whole document.
  static func parse(_ bytes: [UInt8], limitBytes: Int = maximumBytes) throws(XMLFailure) -> XMLElement {
    guard bytes.count <= limitBytes else { throw .tooLarge }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
    var reader = XMLReader(bytes: bytes)
    return try reader.document()
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func document() throws(XMLFailure) -> XMLElement {
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { at = 3 }
    skipSpace()
    if starts(with: "<?xml") { try skipDeclaration() }
    // S3 keeps a slow completion's connection alive with white space here.
    skipSpace()
    var open: [XMLElement] = []
    var count = 0
    while true {
      guard peek == UInt8(ascii: "<") else {
        guard !open.isEmpty else { throw peek == nil ? .truncated : .malformed }
        open[open.count - 1].text += try characterData()
        continue
      }
      at += 1
      if peek == UInt8(ascii: "/") {
        at += 1
        guard let closed = open.popLast(), try name() == closed.name else { throw .malformed }
        skipSpace()
        try expect(UInt8(ascii: ">"))
        guard !open.isEmpty else { return try ended(closed) }
        open[open.count - 1].children.append(closed)
      } else {
        guard peek != UInt8(ascii: "!"), peek != UInt8(ascii: "?") else { throw .forbidden }
        count += 1
        guard count <= Self.maximumElements, open.count < Self.maximumDepth else { throw .tooLarge }
        let element = XMLElement(name: try name())
        guard try skipAttributes() else {
          open.append(element)
          continue
        }
        guard !open.isEmpty else { return try ended(element) }
        open[open.count - 1].children.append(element)
      }
    }
  }

  private mutating func ended(_ root: XMLElement) throws(XMLFailure) -> XMLElement {
    skipSpace()
    guard at == bytes.count else { throw .malformed }
    return root
  }
}

// MARK: - Tokens

extension XMLReader {
  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  private func starts(with text: String) -> Bool { bytes[at...].starts(with: text.utf8) }

  private mutating func expect(_ byte: UInt8) throws(XMLFailure) {
    guard let next = peek else { throw .truncated }
    guard next == byte else { throw .malformed }
    at += 1
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d { at += 1 }
  }

  private mutating func skipDeclaration() throws(XMLFailure) {
    guard let end = bytes[at...].firstIndex(of: UInt8(ascii: ">")) else { throw .truncated }
    guard end - at <= 256, bytes[end - 1] == UInt8(ascii: "?") else { throw .malformed }
    at = end + 1
  }

  /// A name's part after the namespace prefix.
  private mutating func name() throws(XMLFailure) -> String {
    var start = at
    while let byte = peek, byte.isWord || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == 0x3a {
      if byte == 0x3a { start = at + 1 }
      at += 1
    }
    guard peek != nil else { throw .truncated }
    guard at > start, at - start <= 256 else { throw .malformed }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  /// Skips attributes up to the end of the tag; true where it is an empty element's.
  private mutating func skipAttributes() throws(XMLFailure) -> Bool {
    while true {
      skipSpace()
      switch peek {
      case nil: throw .truncated
      case UInt8(ascii: ">"):
        at += 1
        return false
      case UInt8(ascii: "/"):
        at += 1
        try expect(UInt8(ascii: ">"))
        return true
      default:
        _ = try name()
        skipSpace()
        try expect(UInt8(ascii: "="))
        skipSpace()
        guard let quote = peek else { throw .truncated }
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { throw .malformed }
        guard let end = bytes[(at + 1)...].firstIndex(of: quote) else { throw .truncated }
        guard !bytes[at..<end].contains(UInt8(ascii: "<")) else { throw .malformed }
        at = end + 1
      }
    }
  }

  private mutating func characterData() throws(XMLFailure) -> String {
    var text: [UInt8] = []
    while let byte = peek, byte != UInt8(ascii: "<") {
      guard byte == UInt8(ascii: "&") else {
        text.append(byte)
        at += 1
        continue
      }
      guard let end = bytes[at...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else { throw .malformed }
      text.append(contentsOf: try Self.entity(String(decoding: bytes[(at + 1)..<end], as: UTF8.self)).utf8)
      at = end + 1
    }
    guard peek != nil else { throw .truncated }
    return String(decoding: text, as: UTF8.self)
  }

  /// The five entities every document has, and numbers.
  private static func entity(_ name: String) throws(XMLFailure) -> String {
    switch name {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard name.hasPrefix("#") else { throw .forbidden }
      let digits = name.dropFirst()
      let isHexadecimal = digits.hasPrefix("x")
      let number = isHexadecimal ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
      // Swift's own parser takes a sign, XML does not (XML 1.0, production 66).
      guard !digits.contains(where: { $0 == "+" || $0 == "-" }), let number, number > 0,
        let scalar = Unicode.Scalar(number)
      else { throw .malformed }
      return String(Character(scalar))
    }
  }
}
