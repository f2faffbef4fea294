/// What a manifest is asked for by: its digest or a tag.
package enum Reference: Sendable, Hashable, CustomStringConvertible {
  case digest(Digest)
  case tag(TagName)

  /// Parses a digest where the text holds a colon (no tag can), else a tag.
  package init(parsing text: some StringProtocol) throws(ModelError) {
    self =
      text.utf8.contains(UInt8(ascii: ":"))
      ? .digest(try Digest(parsing: text)) : .tag(try TagName(parsing: text))
  }

  package var description: String {
    switch self {
    case .digest(let digest): digest.description
    case .tag(let tag): tag.description
    }
  }
}
