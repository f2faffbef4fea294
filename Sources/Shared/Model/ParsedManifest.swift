/// An image manifest or index read strictly, together with the exact bytes it was pushed as.
///
/// The bytes are what is stored, served and addressed; the parsed parts only say what they refer to, so unknown fields
/// and white space survive (wire check 29). Anything two readers could understand differently is refused (security
/// rule 16): then the references seen here are the references every client sees, which I4 and I7 rest on.
package struct ParsedManifest: Sendable, Hashable {
  /// What the manifest is made of.
  package enum Kind: Sendable, Hashable {
    /// One image or artifact; `layers` may be empty.
    case image(config: Descriptor, layers: [Descriptor])
    /// A list of manifests; may be empty, and may also list plain blobs, as BuildKit's cache exports do.
    case index(manifests: [Descriptor])
  }

  /// The type it is served as: the one in the document, else the one it was pushed with, else the one its shape implies.
  package let mediaType: MediaType
  /// The digest of `bytes`.
  package let digest: Digest
  /// The document exactly as it was received.
  package let bytes: [UInt8]
  package let kind: Kind
  /// The manifest this one is about; it need not exist (wire check 26). Nil in Docker types, which have no such field.
  package let subject: Descriptor?
  /// The `artifactType` written in the manifest; nil where absent or empty.
  package let artifactType: String?
  /// The manifest's own annotations; empty where it has none.
  package let annotations: [String: String]

  /// Reads a manifest.
  ///
  /// `contentType` is the request's header value; parameters in it are ignored, and where both it and the document name
  /// a type they must agree (CVE-2021-41190). `algorithm` is the one the digest is computed with: that of the reference
  /// it is pushed by. Throws `manifestTooLarge` before reading anything, `invalidJSON` or `invalidManifest`.
  package init(
    bytes: [UInt8], contentType: String?, algorithm: DigestAlgorithm = .sha256, limits: ManifestLimits = .default
  ) throws(ModelError) {
    guard bytes.count <= limits.maximumBytes else { throw .manifestTooLarge(limitBytes: limits.maximumBytes) }
    let document = try StrictJSON.parse(
      bytes,
      limits: .init(
        maximumBytes: limits.maximumBytes, maximumDepth: limits.maximumDepth, maximumValues: limits.maximumValues))
    guard case .object(let object) = document else {
      throw .invalidManifest(reason: "a manifest must be a JSON object, this is \(document.kindName)")
    }
    var reader = try ManifestReader(object, limits: limits)
    mediaType = try reader.mediaType(contentType: contentType)
    kind = try reader.kind(of: mediaType)
    subject = mediaType.isDocker ? nil : try reader.subject()
    artifactType = try reader.artifactType()
    annotations = try reader.annotations()
    digest = Digest(of: bytes, algorithm: algorithm)
    self.bytes = bytes
  }
}

// MARK: - What it refers to

extension ParsedManifest {
  /// The blobs that must be linked in the repository, each digest once: config and layers without non-distributable
  /// ones; of an index, the entries that are not manifests.
  package var blobs: [Descriptor] {
    switch kind {
    case .image(let config, let layers): ([config] + layers.filter { !$0.isNonDistributable }).uniqueByDigest
    case .index(let manifests): manifests.filter { !Self.isManifest($0.mediaType) }.uniqueByDigest
    }
  }

  /// The non-distributable layers: to be kept where they were pushed, never demanded.
  package var optionalBlobs: [Descriptor] {
    switch kind {
    case .image(_, let layers): layers.filter(\.isNonDistributable).uniqueByDigest
    case .index: []
    }
  }

  /// The manifests an index lists, each digest once; empty for an image.
  package var children: [Descriptor] {
    switch kind {
    case .image: []
    case .index(let manifests): manifests.filter { Self.isManifest($0.mediaType) }.uniqueByDigest
    }
  }

  /// The type of the config; nil for an index.
  package var configMediaType: MediaType? {
    switch kind {
    case .image(let config, _): config.mediaType
    case .index: nil
    }
  }

  /// The type the referrers list shows: `artifactType`, for an image without one the config's type (wire check 94).
  package var referrerArtifactType: String? { artifactType ?? configMediaType?.description }

  private static func isManifest(_ type: MediaType) -> Bool { type.isManifest || type.isIndex || type.isDockerSchema1 }
}

extension [Descriptor] {
  /// The descriptors without those whose digest came before, in order.
  fileprivate var uniqueByDigest: [Descriptor] {
    var seen: Set<Digest> = []
    return filter { seen.insert($0.digest).inserted }
  }
}
