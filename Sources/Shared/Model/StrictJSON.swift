/// A JSON reader that accepts only what every other reader understands in the same way (security rule 16).
///
/// RFC 8259 with its freedoms taken away: duplicate names, a byte order mark, bytes after the document, invalid UTF-8,
/// lone surrogates and documents beyond the limits are refused. Time and memory are linear in the input.
package enum StrictJSON {
  /// Bounds on what is read.
  package struct Limits: Sendable, Hashable {
    /// The longest document, in bytes.
    package var maximumBytes: Int
    /// How deeply arrays and objects may be nested; the outermost value has depth 1.
    package var maximumDepth: Int
    /// The most values (scalars, arrays and objects) in the whole document.
    package var maximumValues: Int

    /// Makes limits; the defaults suit small documents: 1 MiB, depth 32, 10,000 values.
    package init(maximumBytes: Int = 1 << 20, maximumDepth: Int = 32, maximumValues: Int = 10_000) {
      self.maximumBytes = maximumBytes
      self.maximumDepth = maximumDepth
      self.maximumValues = maximumValues
    }
  }

  /// Parses one whole document; throws `invalidJSON` with the byte offset of the first thing refused.
  package static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(ModelError) -> JSONValue {
    guard bytes.count <= limits.maximumBytes else {
      throw .invalidJSON(
        reason: "the document is longer than \(limits.maximumBytes) bytes", offset: limits.maximumBytes)
    }
    var parser = StrictJSONParser(bytes: bytes, limits: limits)
    return try parser.parseDocument()
  }

  /// Parses one whole document given as text.
  package static func parse(_ text: String, limits: Limits = Limits()) throws(ModelError) -> JSONValue {
    try parse(Array(text.utf8), limits: limits)
  }
}
