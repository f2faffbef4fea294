/// Where `serve` listens.
struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  /// A name or an address; IPv6 without brackets.
  let host: String
  /// 0 lets the system choose, for tests.
  let port: Int

  /// Whether only this machine can connect: a loopback address or `localhost`.
  var isLoopback: Bool {
    if host == "localhost" || host == "::1" { return true }
    let octets = host.split(separator: ".", omittingEmptySubsequences: false)
    return octets.count == 4 && octets.first == "127" && octets.allSatisfy { UInt8($0) != nil }
  }

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
