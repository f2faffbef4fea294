import FoundationEssentials

/// The first segment of a token, where it is exactly what we issue.
struct TokenHeader: Sendable {
  let keyID: String

  /// Accepts three segments of canonical base64url whose header holds `alg` HS256, `typ` JWT and a `kid`, and no other
  /// member: `jwk`, `jku`, `x5c` and the like have no business here (security rule 12, CVE-2025-24976).
  init(ofToken token: String) throws(TokenAuthority.Refusal) {
    let segments = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard segments.count == 3, segments.allSatisfy(Self.isCanonical), let first = segments.first,
      // Why the header is not JSON of strings does not matter: the token is not ours.
      let json = Self.decode(first), let header = try? JSONDecoder().decode([String: String].self, from: json)
    else { throw .malformed }
    guard header["alg"] == "HS256", header["typ"] ?? "JWT" == "JWT", let keyID = header["kid"],
      Set(header.keys).isSubset(of: ["alg", "typ", "kid"]),
      // A duplicate key would make the text longer than what its members account for.
      json.count == Self.plainLength(of: header)
    else { throw .malformed }
    self.keyID = keyID
  }

  /// The length of `{"name":"value",…}` with nothing escaped, repeated or blank in it.
  private static func plainLength(of members: [String: String]) -> Int {
    members.reduce(1 + members.count) { length, member in length + member.key.utf8.count + member.value.utf8.count + 5 }
  }

  /// Whether the text has only base64url characters, a possible length and no stray bits in its last character.
  private static func isCanonical(_ segment: Substring.UTF8View) -> Bool {
    guard !segment.isEmpty, segment.allSatisfy({ value(of: $0) != nil }), let last = segment.last.flatMap(value(of:))
    else {
      return false
    }
    switch segment.count % 4 {
    case 0: return true
    case 2: return last & 0b1111 == 0
    case 3: return last & 0b11 == 0
    default: return false
    }
  }

  private static func value(of byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }

  private static func decode(_ segment: Substring.UTF8View) -> Data? {
    var standard = segment.map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: byte
      }
    }
    while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
    return Data(base64Encoded: Data(standard))
  }
}
