/// Reads the parts of a manifest out of its JSON object and counts descriptors against the limit.
struct ManifestReader {
  private let object: JSONObject
  private var descriptors: DescriptorReader

  /// The names Go clients match without regard to case; another spelling of one would be seen by them and not by us.
  private static let knownNames = KnownNames([
    "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations", "blobs",
    "fsLayers", "signatures", "history",
  ])

  init(_ object: JSONObject, limits: ManifestLimits) throws(ModelError) {
    self.object = object
    descriptors = DescriptorReader(maximumDescriptors: limits.maximumDescriptors)
    try Self.knownNames.check(object, place: "the manifest")
  }

  /// Decides the manifest's type from the document, the header and the shape, in this order; all must agree.
  func mediaType(contentType: String?) throws(ModelError) -> MediaType {
    let written = try documentType()
    var header: MediaType?
    if let contentType, !contentType.isEmpty { header = try MediaType(parsing: contentType) }
    if let written, let header, written != header {
      throw .invalidManifest(reason: "mediaType is '\(written)' but the Content-Type is '\(header)'")
    }
    let type = written ?? header ?? (has("manifests") ? .ociIndex : .ociManifest)
    if type.isDockerSchema1 || has("fsLayers") || schemaVersion == 1 {
      throw .invalidManifest(reason: "Docker image manifest version 2 schema 1 is not supported; push schema 2 or OCI")
    }
    guard type.isManifest || type.isIndex else {
      throw .invalidManifest(reason: "'\(type)' is not a manifest type this registry takes")
    }
    guard schemaVersion == 2 else { throw .invalidManifest(reason: "schemaVersion must be the number 2") }
    return type
  }

  /// Reads the references; a document that could be read as the other kind is refused (CVE-2021-41190).
  mutating func kind(of type: MediaType) throws(ModelError) -> ParsedManifest.Kind {
    if has("manifests"), has("layers") || has("config") {
      throw .invalidManifest(reason: "a manifest has either manifests or config and layers, not both")
    }
    if type.isIndex {
      guard !has("layers"), !has("config") else {
        throw .invalidManifest(reason: "'\(type)' must not have config or layers")
      }
      let entries = try descriptors.list(object[name: "manifests"], place: "manifests")
      return .index(manifests: entries)
    }
    guard !has("manifests") else { throw .invalidManifest(reason: "'\(type)' must not have manifests") }
    guard let config = object[name: "config"], !config.isNull else {
      throw .invalidManifest(reason: "config is missing")
    }
    return .image(
      config: try descriptors.one(config, place: "config"),
      layers: try descriptors.list(object[name: "layers"], place: "layers"))
  }

  mutating func subject() throws(ModelError) -> Descriptor? {
    guard let value = object[name: "subject"], !value.isNull else { return nil }
    return try descriptors.one(value, place: "subject")
  }

  func artifactType() throws(ModelError) -> String? { try DescriptorReader.artifactType(in: object, place: "") }

  func annotations() throws(ModelError) -> [String: String] {
    try DescriptorReader.annotations(in: object, place: "annotations") ?? [:]
  }

  /// Whether a member is there and not null; Go writes an empty list it never made as null.
  private func has(_ name: String) -> Bool { object[name: name].map { !$0.isNull } ?? false }

  private var schemaVersion: Int64? {
    guard case .number(let number)? = object[name: "schemaVersion"] else { return nil }
    return number.int64
  }

  /// The `mediaType` member; it must be a plain type, for a client compares the text exactly.
  private func documentType() throws(ModelError) -> MediaType? {
    guard let value = object[name: "mediaType"], !value.isNull else { return nil }
    guard case .string(let text) = value else { throw .invalidManifest(reason: "mediaType must be a string") }
    if text.isEmpty { return nil }
    let type = try MediaType(parsing: text)
    guard type.description == text else {
      throw .invalidManifest(reason: "mediaType '\(Excerpt(text))' must not have parameters or blanks")
    }
    return type
  }
}
