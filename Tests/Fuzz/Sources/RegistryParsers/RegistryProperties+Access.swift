import FuzzProperties
import Shared

extension RegistryProperties {
  /// What is granted was asked for, word for word: a grant is never wider than the scope it comes from.
  ///
  /// Every line is one `scope` parameter.
  package static func scope(_ bytes: [UInt8]) {
    let values = String(decoding: bytes, as: UTF8.self).unicodeScalars.split(separator: "\n").map(String.init)
    let grants = TokenScope.parse(values)
    let asked = values.flatMap { $0.split(separator: " ") }.map {
      $0.split(separator: ":", omittingEmptySubsequences: false)
    }
    require(grants.count <= TokenScope.maximumCount && grants.count <= asked.count, "no grant without a scope")
    for grant in grants {
      require(!grant.actions.isEmpty, "a grant is for something")
      require(Set(grant.actions).count == grant.actions.count, "a grant names an action once")
      switch grant.type {
      case "repository":
        require(Grammar.isRepositoryName(grant.name), "a grant names a repository")
        require(grant.actions.allSatisfy(["pull", "push", "delete"].contains), "a grant names known actions")
      case "registry": require(grant.name == "catalog" && grant.actions == ["*"], "the registry has a catalog only")
      default: require(false, "a grant is of a known type")
      }
      for action in grant.actions {
        require(asked.contains { isAsked($0, grant, action) }, "a grant was asked for")
      }
    }
    let principal = Principal(name: "somebody", authority: .grants(grants))
    require(!principal.allows(.superuser), "no scope makes a superuser")
  }

  private static func isAsked(_ scope: [Substring], _ grant: AccessGrant, _ action: String) -> Bool {
    guard scope.count >= 3, let type = scope.first, let actions = scope.last else { return false }
    let name = scope.dropFirst().dropLast().joined(separator: ":")
    let words = actions.split(separator: ",")
    return (type == grant.type || type.hasPrefix("\(grant.type)(")) && name == grant.name
      && (words.contains { $0 == action } || words.contains("*"))
  }

  /// Credentials and a token's header come out of a header without traps, and no `Host` but ours comes back.
  package static func authorization(_ bytes: [UInt8]) {
    let header = String(decoding: bytes, as: UTF8.self)
    switch Credentials(header: header) {
    case .basic(let user, let password)?:
      require(!user.utf8.contains(UInt8(ascii: ":")), "a user name ends at the first colon")
      require(!user.utf8.contains(0) && !password.revealed.utf8.contains(0), "credentials hold no NUL")
      require(header.utf8.count <= Credentials.maximumHeaderBytes, "long headers are not read")
    case .bearer(let token)?:
      require(!token.revealed.isEmpty, "a token is not empty")
      tokenHeader(token.revealed)
    case nil: break
    }
    let origin = RegistryOrigin(scheme: "https", serverHostname: "global.example", regionHostnames: ["us.example:5443"])
    require(["global.example", "us.example:5443"].contains(origin.host(for: header)), "a host is one of ours")
    // Why a media type is refused does not matter here.
    guard let type = try? MediaType(parsing: header) else { return }
    require((try? MediaType(parsing: type.description)) == type, "a media type survives")
  }
  /// An accepted token begins with strict JSON that holds what we write there and nothing else.
  private static func tokenHeader(_ token: String) {
    // Why a token is refused does not matter here.
    guard let header = try? TokenHeader(ofToken: token), let first = token.split(separator: ".").first else { return }
    let text = base64URL(first).flatMap { String(validating: $0, as: UTF8.self) }
    // A refusal here is the broken property itself.
    guard let text, case .object(let object)? = try? StrictJSON.parse(text) else {
      return require(false, "a token's header is strict JSON")
    }
    require(object[name: "alg"] == .string("HS256"), "a token is signed the one way there is")
    require(object[name: "kid"] == .string(header.keyID), "a token names its key")
    require(
      object.members.allSatisfy { ["alg", "typ", "kid"].contains($0.name) }, "a token's header holds nothing else")
  }

  /// The bytes of base64url text, bit by bit; nil for another character.
  private static func base64URL(_ text: Substring) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var bytes: [UInt8] = []
    var (bits, count): (UInt32, Int) = (0, 0)
    for byte in text.utf8 {
      guard let value = alphabet.firstIndex(of: byte) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      guard count >= 8 else { continue }
      count -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
    }
    return bytes
  }
}
