/// The `data` member of a descriptor: the content itself in base64 (RFC 4648 section 4), as long as `size` says.
///
/// Only alphabet, padding and length are checked; whether the bytes have the digest is for the client that uses them.
enum EmbeddedData {
  static func check(_ value: JSONValue?, size: Int64, place: String) throws(ModelError) {
    guard let value, !value.isNull else { return }
    guard case .string(let text) = value, let length = decodedLength(text) else {
      throw .invalidManifest(reason: "\(place).data must be base64")
    }
    guard Int64(length) == size else {
      throw .invalidManifest(reason: "\(place).data holds \(length) bytes but size is \(size)")
    }
  }

  private static func decodedLength(_ text: String) -> Int? {
    let bytes = Array(text.utf8)
    guard bytes.count.isMultiple(of: 4) else { return nil }
    let padding = bytes.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    guard bytes.dropLast(padding).allSatisfy(isBase64) else { return nil }
    return bytes.count / 4 * 3 - padding
  }

  private static func isBase64(_ byte: UInt8) -> Bool {
    (byte.isWord && byte != UInt8(ascii: "_")) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
  }
}
