internal import CLibCrypto
private import SharedModel

/// An incremental MD5, for stores that name and compare bodies by it; against accidents on the way, never against people.
struct BodyChecksum: Sendable {
  private var context = MD5_CTX()

  /// Starts an empty checksum.
  init() { MD5_Init(&context) }

  /// The checksum of slices one after another, as 32 lowercase hexadecimal characters.
  static func hex(of slices: [[UInt8]]) -> String {
    var checksum = BodyChecksum()
    for slice in slices { checksum.update(slice) }
    return checksum.hex
  }

  /// Adds bytes.
  mutating func update(_ bytes: [UInt8]) {
    MD5_Update(&context, bytes, bytes.count)
  }

  /// The checksum of everything added so far, as 32 lowercase hexadecimal characters.
  var hex: String {
    var context = context
    var output = [UInt8](repeating: 0, count: 16)
    MD5_Final(&output, &context)
    return Hexadecimal.encode(output)
  }
}
