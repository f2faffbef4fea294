package import SharedConfig

/// Turns a host name into addresses.
package protocol NameLookup: Sendable {
  /// The addresses of `host`, at least one, in the order they should be tried; waits no longer than `limit`.
  ///
  /// Throws `unresolved`, or `cancelled`.
  func addresses(of host: String, within limit: Duration) async throws(WebhookFailure) -> [NetworkAddress]
}
