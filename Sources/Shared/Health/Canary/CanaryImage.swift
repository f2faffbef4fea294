package import SharedModel

/// The small image that is pulled through each region's API as a proof: one layer with one file, always the same bytes.
///
/// Being the same everywhere it may be pushed by several health services at a time, and what comes back is compared with
/// what is known without a record of it. A change of the bytes needs another tag, for older services look for theirs.
package struct CanaryImage: Sendable {
  /// One object of the image.
  package struct Part: Sendable {
    package let bytes: [UInt8]
    package let digest: Digest

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      digest = Digest(of: bytes)
    }
  }

  package static let tag = "v1"
  package static let manifestType = "application/vnd.oci.image.manifest.v1+json"

  package let layer: Part
  package let configuration: Part
  package let manifest: Part

  /// The image of this version of the program.
  package static let current = CanaryImage()

  private init() {
    layer = Part(Self.archive)
    configuration = Part(
      Array(
        """
        {"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["\(layer.digest)"]}}
        """.utf8))
    manifest = Part(
      Array(
        """
        {"schemaVersion":2,"mediaType":"\(Self.manifestType)",\
        "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\(configuration.digest)",\
        "size":\(configuration.bytes.count)},\
        "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"\(layer.digest)",\
        "size":\(layer.bytes.count)}],\
        "annotations":{"org.opencontainers.image.title":"the health service's canary"}}
        """.utf8))
  }

  private static let fileBytes = 8192

  /// A tar archive (POSIX.1-2001 ustar) with the file `canary`.
  private static var archive: [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
    }
    put("canary", at: 0)
    put("0000444", at: 100)
    put("0000000", at: 108)
    put("0000000", at: 116)
    put("00000020000", at: 124)
    put("00000000000", at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(String(repeating: "0", count: 6 - sum.utf8.count) + sum + "\0 ", at: 148)
    // Bytes that do not compress and hold no pattern a damaged store could repeat (SplitMix64 from a fixed start).
    var state: UInt64 = 0x6D65_7269_6469_616E
    var content: [UInt8] = []
    while content.count < fileBytes {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      mixed ^= mixed >> 31
      for shift in stride(from: UInt64(0), to: 64, by: 8) { content.append(UInt8(truncatingIfNeeded: mixed >> shift)) }
    }
    return header + content + [UInt8](repeating: 0, count: 1024)
  }
}
