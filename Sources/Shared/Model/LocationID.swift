/// The name of a location (Quay's "location id", for example `usstorage`): 1 to 64 letters, digits, dots, dashes or underscores.
///
/// The fixed alphabet lets it stand in Redis keys, metric labels and file names as it is.
package struct LocationID: Sendable, Hashable, CustomStringConvertible, Codable {
  package let description: String

  /// Parses a whole id.
  package init(parsing text: some StringProtocol) throws(ModelError) {
    let bytes = text.utf8
    guard let first = bytes.first, first.isWord, bytes.count <= 64,
      bytes.allSatisfy({ $0.isWord || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
    else { throw .invalidLocation(.init(text)) }
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

extension LocationID: Comparable {
  /// Orders bytewise.
  package static func < (left: LocationID, right: LocationID) -> Bool { left.description < right.description }
}
