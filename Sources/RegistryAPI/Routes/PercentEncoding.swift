import Shared

/// Percent-encoding of URIs (RFC 3986 section 2.1).
enum PercentEncoding {
  /// Decodes once; nil where a `%` is not followed by two hexadecimal digits.
  static func decode(_ text: some Collection<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var iterator = text.makeIterator()
    while let byte = iterator.next() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = iterator.next(), let low = iterator.next(),
          let decoded = Hexadecimal.decode(String(decoding: [high, low], as: UTF8.self)), let value = decoded.first
        else { return nil }
        bytes.append(value)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
      default: bytes.append(byte)
      }
    }
    return bytes
  }

  /// Encodes everything but unreserved characters, so that the result may stand in a query or a header (rule 21).
  static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      if byte.isWord || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~") {
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        encoded += "%" + Hexadecimal.encode([byte]).uppercased()
      }
    }
    return encoded
  }
}
