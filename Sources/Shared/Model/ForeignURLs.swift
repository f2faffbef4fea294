/// The `urls` member of a descriptor: where a non-distributable layer can be had.
///
/// Other content must come from the registry, and clients must not be lured elsewhere with their credentials (security
/// rule 15): only `http` and `https` without user information or fragment, and only on non-distributable layers.
enum ForeignURLs {
  private static let maximumLengthBytes = 8192

  static func read(_ value: JSONValue?, mediaType: MediaType, place: String) throws(ModelError) -> [String] {
    guard let value, !value.isNull else { return [] }
    guard case .array(let elements) = value else {
      throw .invalidManifest(reason: "\(place).urls must be an array of strings")
    }
    guard elements.isEmpty || mediaType.isNonDistributable else {
      throw .invalidManifest(reason: "\(place).urls is for non-distributable layers only, not for '\(mediaType)'")
    }
    var urls: [String] = []
    for element in elements {
      guard case .string(let text) = element, isAcceptable(text) else {
        throw .invalidManifest(
          reason: "\(place).urls must hold http or https URLs without user information or fragment")
      }
      urls.append(text)
    }
    return urls
  }

  private static func isAcceptable(_ url: String) -> Bool {
    guard url.utf8.count <= maximumLengthBytes, url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
      !url.utf8.contains(UInt8(ascii: "#")), !url.utf8.contains(UInt8(ascii: "\\"))
    else { return false }
    let lowercased = url.lowercased()
    guard let scheme = ["https://", "http://"].first(where: { lowercased.hasPrefix($0) }) else { return false }
    let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
    return !authority.isEmpty && !authority.contains("@")
  }
}
