/// A hash algorithm the registry accepts in a digest.
///
/// OCI image-spec, "Digests / Registered algorithms": https://github.com/opencontainers/image-spec/blob/main/descriptor.md
package enum DigestAlgorithm: String, Sendable, Hashable, CaseIterable, Codable {
  case sha256
  case sha512

  /// The number of lowercase hexadecimal characters of an encoded digest.
  package var hexLength: Int {
    switch self {
    case .sha256: 64
    case .sha512: 128
    }
  }
}
