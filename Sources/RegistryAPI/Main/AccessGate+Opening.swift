import Shared

/// Access control's share of start-up.
extension AccessGate {
  /// A secret shorter than this signs nothing (security rule 32).
  static let minimumSecretBytes = 16

  /// The gate the configuration asks for.
  ///
  /// Throws `refused` where authentication is off on an address others can reach, or on without the secrets it needs.
  static func open(_ configuration: Configuration, address: ListenAddress) async throws(StartupError) -> AccessGate {
    let origin = RegistryOrigin(configuration: configuration)
    switch configuration.authentication {
    case .none:
      guard address.isLoopback else { throw .refused(openToOthers(address)) }
      return AccessGate(mode: .open, origin: origin)
    case .superusers:
      guard let secret = configuration.secretKey, secret.revealed.utf8.count >= minimumSecretBytes else {
        throw .refused(
          "SECRET_KEY must be \(minimumSecretBytes) bytes or more: it signs tokens, the same in all regions")
      }
      guard let password = configuration.superuserPassword, !password.revealed.isEmpty else {
        throw .refused("SUPERUSER_PASSWORD is missing: the accounts of SUPER_USERS log in with it")
      }
      let directory = SuperuserDirectory(names: configuration.superUsers, password: password)
      let authority = await TokenAuthority(secret: secret, service: origin.service)
      return AccessGate(mode: .superusers(directory, authority), origin: origin)
    }
  }

  private static func openToOthers(_ address: ListenAddress) -> String {
    "AUTHENTICATION_TYPE None lets everybody do everything and is allowed on loopback addresses only, not on \(address): "
      + "set AUTHENTICATION_TYPE: Database with SUPER_USERS and SUPERUSER_PASSWORD, or --listen 127.0.0.1:PORT"
  }
}
