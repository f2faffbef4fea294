/// Reads descriptors out of JSON, counting them against a limit and checking that those of one digest agree on its size.
struct DescriptorReader {
  private let maximumDescriptors: Int
  private var count = 0
  private var sizes: [Digest: Int64] = [:]

  private static let knownNames = KnownNames([
    "mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform",
  ])

  init(maximumDescriptors: Int) { self.maximumDescriptors = maximumDescriptors }

  /// Reads a list; absent and null are the empty list.
  mutating func list(_ value: JSONValue?, place: String) throws(ModelError) -> [Descriptor] {
    guard let value, !value.isNull else { return [] }
    guard case .array(let elements) = value else {
      throw .invalidManifest(reason: "\(place) must be an array, it is \(value.kindName)")
    }
    guard elements.count <= maximumDescriptors - count else { throw tooMany }
    var descriptors: [Descriptor] = []
    descriptors.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      descriptors.append(try one(element, place: "\(place)[\(index)]"))
    }
    return descriptors
  }

  /// Reads one descriptor.
  mutating func one(_ value: JSONValue, place: String) throws(ModelError) -> Descriptor {
    count += 1
    guard count <= maximumDescriptors else { throw tooMany }
    guard case .object(let object) = value else {
      throw .invalidManifest(reason: "\(place) must be an object, it is \(value.kindName)")
    }
    try Self.knownNames.check(object, place: place)
    let type = try Self.requiredText("mediaType", in: object, place: place)
    let digest = try Digest(parsing: try Self.requiredText("digest", in: object, place: place))
    guard case .number(let number)? = object[name: "size"], let size = number.int64, size >= 0 else {
      throw .invalidManifest(reason: "\(place).size must be a whole number from 0 to \(Int64.max)")
    }
    let mediaType = try MediaType(parsing: type)
    if let known = sizes.updateValue(size, forKey: digest), known != size {
      throw .invalidManifest(reason: "two descriptors give \(digest) different sizes, \(known) and \(size)")
    }
    try EmbeddedData.check(object[name: "data"], size: size, place: place)
    return Descriptor(
      mediaType: mediaType, digest: digest, size: size,
      urls: try ForeignURLs.read(object[name: "urls"], mediaType: mediaType, place: place),
      annotations: try Self.annotations(in: object, place: "\(place).annotations"),
      artifactType: try Self.artifactType(in: object, place: "\(place)."))
  }

  private var tooMany: ModelError {
    .invalidManifest(reason: "more than \(maximumDescriptors) descriptors in one manifest")
  }

  private static func requiredText(_ name: String, in object: JSONObject, place: String) throws(ModelError) -> String {
    guard case .string(let text)? = object[name: name] else {
      throw .invalidManifest(reason: "\(place).\(name) must be a string")
    }
    return text
  }

  /// The `artifactType` member: nil where absent, null or empty; else at most 255 printable ASCII characters.
  static func artifactType(in object: JSONObject, place: String) throws(ModelError) -> String? {
    guard let value = object[name: "artifactType"], !value.isNull else { return nil }
    guard case .string(let text) = value, text.utf8.count <= MediaType.maximumLengthBytes,
      text.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
    else { throw .invalidManifest(reason: "\(place)artifactType must be a media type") }
    return text.isEmpty ? nil : text
  }

  /// The `annotations` member: nil where absent or null; else text by text, without NUL, which no database keeps.
  static func annotations(in object: JSONObject, place: String) throws(ModelError) -> [String: String]? {
    guard let value = object[name: "annotations"], !value.isNull else { return nil }
    guard case .object(let members) = value else { throw .invalidManifest(reason: "\(place) must be an object") }
    var annotations: [String: String] = [:]
    for member in members.members {
      guard case .string(let text) = member.value else {
        throw .invalidManifest(reason: "\(place) '\(Excerpt(member.name))' must be a string")
      }
      guard !member.name.utf8.contains(0), !text.utf8.contains(0) else {
        throw .invalidManifest(reason: "\(place) must not hold a NUL character")
      }
      annotations[member.name] = text
    }
    return annotations
  }
}
