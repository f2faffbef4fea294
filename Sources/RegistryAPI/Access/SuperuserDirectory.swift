import Shared

/// The superusers of the configuration and the one password they share.
struct SuperuserDirectory: Sendable {
  private let names: Set<String>
  private let passwordDigest: Digest?

  /// Takes `SUPER_USERS` and `SUPERUSER_PASSWORD`; without a password, or with an empty one, nobody can log in.
  init(names: [String], password: Secret?) {
    self.names = Set(names)
    passwordDigest = password.flatMap { $0.revealed.isEmpty ? nil : Digest(of: Array($0.revealed.utf8)) }
  }

  /// Whether the name and password are a superuser's.
  ///
  /// The password's hash is always computed and compared in constant time, whether the name is known or not, so the time
  /// taken says nothing about either (security rules 10 and 14).
  func accepts(user: String, password: Secret) -> Bool {
    let presented = Digest(of: Array(password.revealed.utf8))
    let expected = passwordDigest ?? Digest(of: Array("no password is set".utf8))
    let matches = ConstantTime.equal(Array(presented.hex.utf8), Array(expected.hex.utf8))
    return matches && passwordDigest != nil && names.contains(user)
  }
}

/// Comparison whose duration depends on lengths only.
enum ConstantTime {
  /// Whether two byte strings are the same.
  static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (a, b) in zip(left, right) { difference |= a ^ b }
    return difference == 0
  }
}
