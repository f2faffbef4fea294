package import SharedModel

/// The superusers of the configuration and the one password they share.
package struct SuperuserDirectory: Sendable {
  private let names: Set<String>
  private let passwordDigest: Digest?

  /// Takes `SUPER_USERS` and `SUPERUSER_PASSWORD`; without a password, or with an empty one, nobody can log in.
  package init(names: [String], password: Secret?) {
    self.names = Set(names)
    passwordDigest = password.flatMap { $0.revealed.isEmpty ? nil : Digest(of: Array($0.revealed.utf8)) }
  }

  /// Whether anybody can log in at all.
  package var isOpenToSomebody: Bool { passwordDigest != nil && !names.isEmpty }

  /// Whether the name is still a superuser's: a session must end when its user is taken off the list.
  package func knows(_ user: String) -> Bool { names.contains(user) }

  /// Whether the name and password are a superuser's.
  ///
  /// The password's hash is always computed and compared in constant time, whether the name is known or not, so the time
  /// taken says nothing about either (security rules 10 and 14).
  package func accepts(user: String, password: Secret) -> Bool {
    let presented = Digest(of: Array(password.revealed.utf8))
    let expected = passwordDigest ?? Digest(of: Array("no password is set".utf8))
    let matches = ConstantTime.equal(Array(presented.hex.utf8), Array(expected.hex.utf8))
    return matches && passwordDigest != nil && names.contains(user)
  }
}
