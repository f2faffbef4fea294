package import SharedModel

extension ManifestRecord {
  /// Takes from a parsed manifest what is written of it.
  package init(_ manifest: ParsedManifest) {
    self.init(
      digest: manifest.digest, mediaType: manifest.mediaType.description, bytes: manifest.bytes,
      artifactType: manifest.referrerArtifactType, subject: manifest.subject?.digest,
      annotations: manifest.annotations,
      blobs: manifest.blobs.map { Link(digest: $0.digest, sizeBytes: $0.size) },
      optionalBlobs: manifest.optionalBlobs.map(\.digest),
      children: manifest.children.map { Link(digest: $0.digest, sizeBytes: $0.size) })
  }
}
