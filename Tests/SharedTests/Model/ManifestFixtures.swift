import Shared

/// Pieces of manifests for tests, written as text so that a test can spoil any byte of them.
enum ManifestFixtures {
  static let configDigest = "sha256:" + String(repeating: "c", count: 64)
  static let layerDigest = "sha256:" + String(repeating: "1", count: 64)
  static let otherDigest = "sha256:" + String(repeating: "2", count: 64)

  static func descriptor(
    _ digest: String = layerDigest, size: String = "7", type: String = "application/vnd.oci.image.layer.v1.tar+gzip",
    extra: String = ""
  ) -> String {
    #"{"mediaType":"\#(type)","digest":"\#(digest)","size":\#(size)\#(extra.isEmpty ? "" : ",")\#(extra)}"#
  }

  static func image(
    type: String? = "application/vnd.oci.image.manifest.v1+json", layers: [String]? = [descriptor()],
    config: String? = descriptor(configDigest, size: "2", type: "application/vnd.oci.image.config.v1+json"),
    extra: String = ""
  ) -> String {
    var members = [#""schemaVersion":2"#]
    if let type { members.append(#""mediaType":"\#(type)""#) }
    if let config { members.append(#""config":\#(config)"#) }
    if let layers { members.append(#""layers":[\#(layers.joined(separator: ","))]"#) }
    if !extra.isEmpty { members.append(extra) }
    return "{\(members.joined(separator: ","))}"
  }

  static func index(
    type: String? = "application/vnd.oci.image.index.v1+json",
    entries: [String] = [descriptor(type: "application/vnd.oci.image.manifest.v1+json")], extra: String = ""
  ) -> String {
    var members = [#""schemaVersion":2"#]
    if let type { members.append(#""mediaType":"\#(type)""#) }
    members.append(#""manifests":[\#(entries.joined(separator: ","))]"#)
    if !extra.isEmpty { members.append(extra) }
    return "{\(members.joined(separator: ","))}"
  }

  static func parse(
    _ text: String, _ contentType: String? = nil, limits: ManifestLimits = .default
  ) throws(ModelError) -> ParsedManifest {
    try ParsedManifest(bytes: Array(text.utf8), contentType: contentType, limits: limits)
  }

  /// The reason a manifest is refused, nil where it is accepted.
  static func refusal(_ text: String, _ contentType: String? = nil, limits: ManifestLimits = .default) -> String? {
    do throws(ModelError) {
      _ = try parse(text, contentType, limits: limits)
      return nil
    } catch {
      return error.description
    }
  }
}
