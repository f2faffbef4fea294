/// A reference to content from within a manifest: what it is, its address and its size.
///
/// https://github.com/opencontainers/image-spec/blob/main/descriptor.md
package struct Descriptor: Sendable, Hashable {
  /// The type of the content without parameters; any type is allowed.
  package let mediaType: MediaType
  package let digest: Digest
  /// The size of the content in bytes, never negative.
  package let size: Int64
  /// Where else a non-distributable layer can be had; `http` and `https` only, never fetched by the registry.
  package let urls: [String]
  /// Nil where the descriptor has none.
  package let annotations: [String: String]?
  package let artifactType: String?

  /// Makes a descriptor from parts that are each valid.
  package init(
    mediaType: MediaType, digest: Digest, size: Int64, urls: [String] = [], annotations: [String: String]? = nil,
    artifactType: String? = nil
  ) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.urls = urls
    self.annotations = annotations
    self.artifactType = artifactType
  }

  /// Whether the content need not be in the registry: a layer of a non-distributable type that says where to get it.
  package var isNonDistributable: Bool { mediaType.isNonDistributable && !urls.isEmpty }
}
