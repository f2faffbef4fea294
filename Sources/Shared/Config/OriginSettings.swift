import SharedModel

/// The names under which clients reach the registry.
struct OriginSettings: Sendable {
  let serverHostname: String
  let urlScheme: String
  let regionHostnames: [String]

  /// Reads `SERVER_HOSTNAME`, `PREFERRED_URL_SCHEME` (default `http`) and `REGION_HOSTNAMES`.
  init(_ root: ConfigurationSection) throws(ConfigurationError) {
    guard let name = try root.text("SERVER_HOSTNAME") else {
      throw root.missing("SERVER_HOSTNAME", hint: "give the name clients use, HOST or HOST:PORT")
    }
    guard Self.isHostWithPort(name) else {
      throw root.invalid("SERVER_HOSTNAME", name, "must be HOST or HOST:PORT, without scheme and path")
    }
    let scheme = try root.text("PREFERRED_URL_SCHEME") ?? "http"
    guard scheme == "http" || scheme == "https" else {
      throw root.invalid("PREFERRED_URL_SCHEME", scheme, "must be http or https")
    }
    let names = try root.texts("REGION_HOSTNAMES") ?? []
    for name in names where !Self.isHostWithPort(name) {
      throw root.invalid("REGION_HOSTNAMES", name, "must be HOST or HOST:PORT, without scheme and path")
    }
    serverHostname = name
    urlScheme = scheme
    regionHostnames = names
  }

  private static func isHostWithPort(_ text: String) -> Bool { StoreEndpoint(scheme: "http", host: text) != nil }
}
