import SharedModel

/// Who may do what, and the secrets that rest on.
struct AccessSettings: Sendable {
  let mode: AuthenticationMode
  let superUsers: [String]
  let superuserPassword: Secret?
  let secretKey: Secret?
  let databaseSecretKey: Secret?

  /// The fewest characters of a password and of a key that is signed with.
  private static let minimumPasswordLength = 8
  private static let minimumKeyLength = 16
  /// What nobody should have left in place (security rule 32).
  private static let defaults: Set<String> = [
    "password", "password1", "changeme", "change-me", "change_me", "changeit", "secret", "default", "example", "admin",
    "adminadmin", "quayadmin", "quaypassword", "12345678", "123456789", "1234567890", "qwertyui", "letmein1",
    "supersecret", "secretsecret", "changemechangeme", "change-me-change-me", "0123456789abcdef",
  ]

  init(_ root: ConfigurationSection) throws(ConfigurationError) {
    mode = try Self.mode(root)
    superUsers = try root.texts("SUPER_USERS") ?? []
    for name in superUsers where !Self.isUserName(name) {
      throw root.invalid(
        "SUPER_USERS", name, "is no user name: 2 to 255 lowercase letters, digits, dots, dashes, underscores")
    }
    superuserPassword = try root.secret("SUPERUSER_PASSWORD")
    secretKey = try root.secret("SECRET_KEY")
    databaseSecretKey = try root.secret("DATABASE_SECRET_KEY")
    guard mode != .none else { return }
    try Self.checkStrength("SUPERUSER_PASSWORD", superuserPassword, Self.minimumPasswordLength, root)
    try Self.checkStrength("SECRET_KEY", secretKey, Self.minimumKeyLength, root)
    try Self.checkStrength("DATABASE_SECRET_KEY", databaseSecretKey, Self.minimumKeyLength, root)
  }

  /// `None` is nobody's doing by accident: a missing or null key means accounts, as in Quay.
  private static func mode(_ root: ConfigurationSection) throws(ConfigurationError) -> AuthenticationMode {
    let key = "AUTHENTICATION_TYPE"
    switch try root.text(key) {
    case "None", "none": return .none
    case nil, "Database": return .superusers
    case let other? where ["LDAP", "JWT", "Keystone", "OIDC", "AppToken"].contains(other):
      throw .notAvailable(key: root.place(key), reason: "\(other) is not available; use Database or None")
    case let other?: throw root.invalid(key, other, "must be Database or None")
    }
  }

  private static func checkStrength(
    _ key: String, _ secret: Secret?, _ minimum: Int, _ root: ConfigurationSection
  ) throws(ConfigurationError) {
    guard let text = secret?.revealed else { return }
    guard text.utf8.count >= minimum else {
      throw root.invalid(key, nil, "is too short: at least \(minimum) characters are needed")
    }
    guard !defaults.contains(text.lowercased()), Set(text.utf8).count > 3 else {
      throw root.invalid(key, nil, "is a default or a repetition that anybody can guess; choose another")
    }
  }

  /// Quay's grammar of user names, a little wider: separators may be doubled.
  private static func isUserName(_ name: String) -> Bool {
    (2...255).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        byte.isLowercaseAlphanumeric || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
          || byte == UInt8(ascii: "_")
      }
  }
}
