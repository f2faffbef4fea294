/// What superusers can do on the page.
enum PageAction: String, Sendable, CaseIterable {
  case drain
  case undrain
  case retry
  case verify

  /// Where its form is, and where the form is sent.
  var path: String { "/page/\(rawValue)" }

  /// The form's field that names what it is about.
  var subject: String {
    switch self {
    case .drain, .undrain: "region"
    case .retry, .verify: "location"
    }
  }

  /// The action of a path; nil for another path.
  init?(path: String) {
    guard let action = Self.allCases.first(where: { $0.path == path }) else { return nil }
    self = action
  }
}

/// A link to the form of an action.
struct ActionLink: Sendable, Hashable {
  let id: String
  let link: String
  let label: String
  /// What it is about, for those who hear the link without its surroundings.
  let of: String

  /// Makes the link for one region or location.
  init(_ action: PageAction, _ label: String, subject: String) {
    id = "\(action.rawValue)-\(subject)"
    link = "\(action.path)?\(action.subject)=\(Self.encoded(subject))"
    self.label = label
    of = "\(action.subject) \(subject)"
  }

  /// Percent-encodes all but the unreserved characters (RFC 3986 section 2.3).
  private static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        encoded += hex.count == 1 ? "%0\(hex)" : "%\(hex)"
      }
    }
    return encoded
  }
}
