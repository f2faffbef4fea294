/// Member names that must be written exactly, because readers in Go match them whatever their case.
///
/// Go's `encoding/json` folds with Unicode's simple folding, under which two characters outside ASCII equal ASCII letters:
/// U+017F (long s) and U+212A (Kelvin sign). Security rule 16.
struct KnownNames: Sendable {
  private let exact: Set<ExactText>
  private let folded: Set<[UInt8]>

  init(_ names: [String]) {
    exact = Set(names.map { ExactText(text: $0) })
    folded = Set(names.map(Self.fold))
  }

  /// Throws `invalidManifest` where a member's name equals a known one in all but case.
  func check(_ object: JSONObject, place: String) throws(ModelError) {
    for member in object.members where !exact.contains(ExactText(text: member.name)) {
      guard !folded.contains(Self.fold(member.name)) else {
        throw .invalidManifest(
          reason: "'\(Excerpt(member.name))' in \(place) is another spelling of a field; field names are case-sensitive"
        )
      }
    }
  }

  private static func fold(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in name.unicodeScalars {
      switch scalar {
      case "\u{17f}": bytes.append(UInt8(ascii: "s"))
      case "\u{212a}": bytes.append(UInt8(ascii: "k"))
      case "A"..."Z": bytes.append(UInt8(truncatingIfNeeded: scalar.value + 0x20))
      default: bytes.append(contentsOf: String(scalar).utf8)
      }
    }
    return bytes
  }
}
