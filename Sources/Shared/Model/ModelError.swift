/// Why a piece of text or a document is not a value of the model.
package enum ModelError: Error, Sendable, Equatable {
  case invalidDigest(Excerpt)
  case invalidRepositoryName(Excerpt)
  case invalidTag(Excerpt)
  case invalidLocation(Excerpt)
  case invalidRegion(Excerpt)
  case invalidMediaType(Excerpt)
  case invalidRange(Excerpt)
  case invalidObjectKey(Excerpt)
  case invalidHashState
  /// The JSON document breaks a rule at a byte offset.
  case invalidJSON(reason: String, offset: Int)
  /// The manifest is JSON but not an acceptable manifest.
  case invalidManifest(reason: String)
  /// The document is larger than the limit, in bytes.
  case manifestTooLarge(limitBytes: Int)
}

/// The beginning of refused input with its control characters escaped, safe to put in an error message or a log line.
package struct Excerpt: Sendable, Hashable, CustomStringConvertible {
  package let description: String

  /// Keeps at most 80 scalars of `text`.
  package init(_ text: some StringProtocol) {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(80) {
      shown += scalar.value < 0x20 || scalar.value == 0x7f ? scalar.escaped(asASCII: true) : String(scalar)
    }
    description = text.unicodeScalars.count > 80 ? shown + "…" : shown
  }
}

extension ModelError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .invalidDigest(let text): "'\(text)' is not a digest (sha256:<64 lowercase hex> or sha512:<128 lowercase hex>)"
    case .invalidRepositoryName(let text): "'\(text)' is not a repository name"
    case .invalidTag(let text): "'\(text)' is not a tag"
    case .invalidLocation(let text): "'\(text)' is not a location id"
    case .invalidRegion(let text): "'\(text)' is not a region name (lowercase letters, digits and inner dashes)"
    case .invalidMediaType(let text): "'\(text)' is not a media type"
    case .invalidRange(let text): "'\(text)' is not a usable byte range"
    case .invalidObjectKey(let text): "'\(text)' is not an object key"
    case .invalidHashState: "the saved hash state is damaged"
    case .invalidJSON(let reason, let offset): "not acceptable JSON at byte \(offset): \(reason)"
    case .invalidManifest(let reason): reason
    case .manifestTooLarge(let limitBytes): "the manifest is larger than \(limitBytes) bytes"
    }
  }
}
