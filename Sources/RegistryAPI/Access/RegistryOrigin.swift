import Shared

/// The names this registry is known by, and which of them a request was sent to (decision D13).
///
/// A `Host` that is neither the server's nor a region's name shapes no URL: the configured name is used instead
/// (security rule 21).
struct RegistryOrigin: Sendable {
  private let scheme: String
  /// `SERVER_HOSTNAME`: the audience of tokens and the service in challenges.
  let service: String
  private let others: Set<String>

  /// Takes the names from the configuration.
  init(configuration: Configuration) {
    self.init(
      scheme: configuration.urlScheme, serverHostname: configuration.serverHostname,
      regionHostnames: configuration.regionHostnames)
  }

  /// Takes the names; each may have a port.
  init(scheme: String, serverHostname: String, regionHostnames: [String]) {
    self.scheme = scheme
    service = serverHostname
    others = Set(regionHostnames.map { $0.lowercased() })
  }

  /// The name to use in an answer to a request with this `Host`.
  func host(for requested: String?) -> String {
    guard let requested = requested?.lowercased(), others.contains(requested) else { return service }
    return requested
  }

  /// The URL of the token endpoint, on the name the request was sent to where that is one of ours (wire check 3).
  func realm(for requested: String?) -> String { "\(scheme)://\(host(for: requested))/v2/auth" }
}
