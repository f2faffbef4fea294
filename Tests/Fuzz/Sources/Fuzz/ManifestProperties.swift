internal import FuzzProperties
internal import SharedModel

/// What must hold of manifests and of the JSON they are written in.
enum ManifestProperties {
  /// An accepted manifest is the same when read again, keeps its bytes, and no known member is written twice.
  static func manifest(_ bytes: [UInt8]) {
    json(bytes)
    // Why a manifest is refused does not matter here.
    guard let manifest = try? ParsedManifest(bytes: bytes, contentType: nil) else { return }
    require(manifest.bytes == bytes, "a manifest keeps its bytes")
    require(manifest.digest == Digest(of: bytes), "a manifest is addressed by its bytes")
    let again = try? ParsedManifest(bytes: manifest.bytes, contentType: manifest.mediaType.description)
    require(again == manifest, "a manifest read again, with the type it is served as, is the same")
    require(manifest.mediaType.isManifest || manifest.mediaType.isIndex, "a manifest has a manifest's type")
    let references = manifest.blobs + manifest.optionalBlobs + manifest.children + [manifest.subject].compactMap(\.self)
    require(references.allSatisfy { $0.size >= 0 }, "no size is negative")
    require(references.allSatisfy { Grammar.isDigest($0.digest.description) }, "every reference is a digest")
    require(Set(manifest.blobs.map(\.digest)).count == manifest.blobs.count, "each blob is named once")
    checkNames(in: bytes)
  }

  /// Accepted JSON, written out again, is read as the same value.
  private static func json(_ bytes: [UInt8]) {
    let limits = StrictJSON.Limits(maximumDepth: 32)
    guard let value = try? StrictJSON.parse(bytes, limits: limits) else { return }
    var text = ""
    write(value, to: &text)
    let generous = StrictJSON.Limits(maximumBytes: 16 << 20, maximumDepth: 32)
    require((try? StrictJSON.parse(text, limits: generous)) == value, "JSON survives being written")
  }

  private static func write(_ value: JSONValue, to text: inout String) {
    switch value {
    case .null: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .number(let number): text += number.text
    case .string(let string): write(string, to: &text)
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        write(element, to: &text)
      }
      text += "]"
    case .object(let object):
      text += "{"
      for (index, member) in object.members.enumerated() {
        if index > 0 { text += "," }
        write(member.name, to: &text)
        text += ":"
        write(member.value, to: &text)
      }
      text += "}"
    }
  }

  private static func write(_ string: String, to text: inout String) {
    text.unicodeScalars.append("\"")
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"", "\\":
        text.unicodeScalars.append("\\")
        text.unicodeScalars.append(scalar)
      case "\0"..."\u{1f}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text.unicodeScalars.append("\"")
  }

  /// Looks at the outermost names with a scanner of its own: one that Go would match may stand there once, spelled exactly.
  private static func checkNames(in bytes: [UInt8]) {
    let known = [
      "schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations",
    ]
    let names = OutermostNames.scan(bytes)
    for name in known {
      let folded = name.lowercased()
      let spellings = names.filter { $0.lowercased() == folded }
      require(spellings.count <= 1, "the member \(name) stands in a manifest once")
      require(spellings.allSatisfy { $0 == name }, "the member \(name) is spelled exactly")
    }
  }
}
