/// The name of a region (one deployment, for example `us`): 1 to 64 lowercase letters, digits or inner dashes.
///
/// The fixed alphabet lets it stand in URL paths, Redis keys, metric labels and log lines as it is.
package struct RegionName: Sendable, Hashable, CustomStringConvertible, Codable {
  package let description: String

  /// Parses a whole name; it begins and ends with a letter or digit.
  package init(parsing text: some StringProtocol) throws(ModelError) {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, let last = bytes.last, first.isLowercaseAlphanumeric, last.isLowercaseAlphanumeric,
      bytes.count <= 64, bytes.allSatisfy({ $0.isLowercaseAlphanumeric || $0 == UInt8(ascii: "-") })
    else { throw .invalidRegion(.init(text)) }
    description = String(text)
  }

  /// Decodes the plain text.
  package init(from decoder: any Decoder) throws {
    try self.init(parsing: decoder.singleValueContainer().decode(String.self))
  }

  /// Encodes the plain text.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension RegionName: Comparable {
  /// Orders bytewise.
  package static func < (left: RegionName, right: RegionName) -> Bool {
    left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
  }
}
