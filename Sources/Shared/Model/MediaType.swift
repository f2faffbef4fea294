/// A media type without parameters, `type/subtype`.
///
/// Grammar: RFC 6838 section 4.2 with the token characters of RFC 9110 section 5.6.2. Two values are equal where their
/// bytes are: the types of manifests are compared exactly, as every client does.
package struct MediaType: Sendable, Hashable, CustomStringConvertible {
  /// The longest media type accepted, in bytes: 127 for each of both names and the slash.
  package static let maximumLengthBytes = 255

  package let description: String

  /// Parses a type and ignores parameters after a semicolon, and blanks around it (wire check 21).
  package init(parsing text: some StringProtocol) throws(ModelError) {
    var name = Array(text.utf8.prefix { $0 != UInt8(ascii: ";") })[...].drop(while: \.isBlank)
    while let last = name.last, last.isBlank { name.removeLast() }
    let halves = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard halves.count == 2, name.count <= Self.maximumLengthBytes,
      halves.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isTokenCharacter) })
    else { throw .invalidMediaType(.init(text)) }
    description = String(decoding: name, as: UTF8.self)
  }

  private init(known text: String) { description = text }
}

// MARK: - The table of types the registry knows

extension MediaType {
  package static let ociManifest = MediaType(known: "application/vnd.oci.image.manifest.v1+json")
  package static let ociIndex = MediaType(known: "application/vnd.oci.image.index.v1+json")
  package static let ociConfig = MediaType(known: "application/vnd.oci.image.config.v1+json")
  package static let ociEmpty = MediaType(known: "application/vnd.oci.empty.v1+json")
  package static let ociLayer = MediaType(known: "application/vnd.oci.image.layer.v1.tar")
  package static let ociLayerGzip = MediaType(known: "application/vnd.oci.image.layer.v1.tar+gzip")
  package static let ociLayerZstd = MediaType(known: "application/vnd.oci.image.layer.v1.tar+zstd")
  package static let ociForeignLayer = MediaType(known: "application/vnd.oci.image.layer.nondistributable.v1.tar")
  package static let ociForeignLayerGzip = MediaType(
    known: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")
  package static let ociForeignLayerZstd = MediaType(
    known: "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd")
  package static let dockerManifest = MediaType(known: "application/vnd.docker.distribution.manifest.v2+json")
  package static let dockerManifestList = MediaType(
    known: "application/vnd.docker.distribution.manifest.list.v2+json")
  package static let dockerConfig = MediaType(known: "application/vnd.docker.container.image.v1+json")
  package static let dockerLayer = MediaType(known: "application/vnd.docker.image.rootfs.diff.tar.gzip")
  package static let dockerForeignLayer = MediaType(known: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
  package static let dockerSchema1 = MediaType(known: "application/vnd.docker.distribution.manifest.v1+json")
  package static let dockerSchema1Signed = MediaType(known: "application/vnd.docker.distribution.manifest.v1+prettyjws")
  package static let octetStream = MediaType(known: "application/octet-stream")
  package static let json = MediaType(known: "application/json")

  /// The types a manifest may be pushed as, in the order an `Accept` header lists them.
  package static let acceptedManifests: [MediaType] = [.ociIndex, .ociManifest, .dockerManifestList, .dockerManifest]

  /// Whether this is an image manifest, OCI or Docker schema 2.
  package var isManifest: Bool { self == .ociManifest || self == .dockerManifest }

  /// Whether this is a list of manifests, OCI index or Docker manifest list.
  package var isIndex: Bool { self == .ociIndex || self == .dockerManifestList }

  /// Whether this is one of Docker's own types.
  package var isDocker: Bool { description.utf8.starts(with: "application/vnd.docker.".utf8) }

  /// Whether this is Docker image manifest version 2 schema 1, which the registry refuses.
  package var isDockerSchema1: Bool { self == .dockerSchema1 || self == .dockerSchema1Signed }

  /// Whether layers of this type need not be pushed: they are fetched from their `urls` by clients.
  package var isNonDistributable: Bool {
    switch self {
    case .ociForeignLayer, .ociForeignLayerGzip, .ociForeignLayerZstd, .dockerForeignLayer: true
    default: false
    }
  }
}

extension UInt8 {
  /// Whether this is a space or a tab.
  package var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

  /// Whether this may stand in a token (RFC 9110 section 5.6.2).
  package var isTokenCharacter: Bool {
    if isWord { return true }
    switch self {
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
      UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      return true
    default: return false
    }
  }
}
