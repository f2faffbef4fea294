import SharedModel

/// A `DB_URI` of Quay made ready for libpq, never shown as a whole.
struct DatabaseURI: Sendable {
  /// The URI in libpq's spelling.
  let uri: Secret
  /// User, hosts and database without the password.
  let summary: String

  /// Reads a URI and adds connection arguments to its query.
  ///
  /// The scheme may be SQLAlchemy's `postgresql+psycopg2`. Throws where it is another database or malformed.
  init(_ key: String, in section: ConfigurationSection, arguments: [(String, String)]) throws(ConfigurationError) {
    let text = try section.text(key) ?? ""
    guard let separator = text.firstRange(of: "://") else {
      throw section.invalid(key, nil, "must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
    }
    let scheme = text[..<separator.lowerBound].lowercased()
    switch scheme.prefix(while: { $0 != "+" }) {
    case "postgresql", "postgres": break
    case "sqlite":
      throw .notAvailable(key: section.place(key), reason: "SQLite is not available yet; give a postgresql:// URI")
    default:
      throw section.invalid(key, scheme, "is not a database Meridian knows; give a postgresql:// URI")
    }
    let rest = text[separator.upperBound...]
    guard rest.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), !rest.isEmpty else {
      throw section.invalid(
        key, nil, "has blanks or characters outside ASCII; percent-encode them in the user name and password")
    }
    guard !rest.contains("#") else {
      throw section.invalid(key, nil, "has a '#'; write it as %23 in the user name and password")
    }
    let queryStart = rest.firstIndex(of: "?") ?? rest.endIndex
    let names = rest[queryStart...].dropFirst().split(separator: "&").map { $0.prefix { $0 != "=" } }
    for (name, _) in arguments where names.contains(Substring(name)) {
      throw section.invalid(key, nil, "has \(name) as DB_CONNECTION_ARGS has; keep it in one place")
    }
    let added = arguments.map { "\($0)=\(Self.percentEncoded($1))" }.joined(separator: "&")
    let glue =
      added.isEmpty ? "" : queryStart == rest.endIndex ? "?" : rest.hasSuffix("?") || rest.hasSuffix("&") ? "" : "&"
    uri = Secret("postgresql://\(rest)\(glue)\(added)")
    summary = Self.summary(rest[..<queryStart])
  }

  /// The text without what stands between the user name and the last `@` of the authority.
  private static func summary(_ rest: Substring) -> String {
    let authority = rest.prefix { $0 != "/" }
    // A slash in an unencoded password would put its rest into the path; then nothing but the end is shown.
    guard !rest.dropFirst(authority.count).contains("@") else { return "(unreadable)" }
    let path = rest.dropFirst(authority.count)
    guard let at = authority.lastIndex(of: "@") else { return "\(authority)\(path)" }
    let user = authority[..<at].prefix { $0 != ":" }
    return "\(user)@\(authority[authority.index(after: at)...])\(path)"
  }

  private static func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
      byte.isWord || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")
        ? String(UnicodeScalar(byte)) : "%" + Hexadecimal.encode([byte]).uppercased()
    }.joined()
  }
}
