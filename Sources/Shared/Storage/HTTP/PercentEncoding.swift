/// The percent-encoding object stores sign and read: everything but RFC 3986's unreserved characters, upper-case digits.
enum PercentEncoding {
  /// Encodes a query name or value.
  static func query(_ text: String) -> String { encode(text, keepingSlashes: false) }

  /// Encodes a path, keeping its slashes.
  static func path(_ text: String) -> String { encode(text, keepingSlashes: true) }

  /// The canonical query of Signature Version 4: names and values encoded, sorted by name and then value, `=` after every name.
  static func canonicalQuery(_ items: [(name: String, value: String)]) -> String {
    guard !items.isEmpty else { return "" }
    return items.map { (query($0.name), query($0.value)) }.sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(
      separator: "&")
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  private static func encode(_ text: String, keepingSlashes: Bool) -> String {
    // Keys of ours are their own encoding.
    guard !text.utf8.allSatisfy({ isKept($0, keepingSlashes) }) else { return text }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count * 3)
    for byte in text.utf8 {
      guard !isKept(byte, keepingSlashes) else {
        bytes.append(byte)
        continue
      }
      bytes.append(UInt8(ascii: "%"))
      bytes.append(digits[Int(byte >> 4)])
      bytes.append(digits[Int(byte & 15)])
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isKept(_ byte: UInt8, _ keepingSlashes: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    case UInt8(ascii: "/"): keepingSlashes
    default: false
    }
  }
}
