internal import CLibCrypto
private import SharedModel

/// An incremental MD5, for stores that name and compare bodies by it; against accidents on the way, never against people.
struct BodyChecksum: Sendable {
  private var context = MD5_CTX()

  /// Starts an empty checksum.
  init() { MD5_Init(&context) }

  /// The checksum of slices one after another, as 32 lowercase hexadecimal characters.
  static func hex(of slices: [[UInt8]]) -> String { BodyChecksum(of: slices).hex }

  /// The checksum of slices one after another as the Content-MD5 header has it (RFC 1864).
  static func base64(of slices: [[UInt8]]) -> String { Base64.encode(BodyChecksum(of: slices).bytes) }

  private init(of slices: [[UInt8]]) {
    self.init()
    for slice in slices { update(slice) }
  }

  /// Adds bytes.
  mutating func update(_ bytes: [UInt8]) {
    MD5_Update(&context, bytes, bytes.count)
  }

  /// The checksum of everything added so far, as 32 lowercase hexadecimal characters.
  var hex: String { Hexadecimal.encode(bytes) }

  private var bytes: [UInt8] {
    var context = context
    var output = [UInt8](repeating: 0, count: 16)
    MD5_Final(&output, &context)
    return output
  }
}
