internal import SharedConfig
internal import SharedModel

/// Where a blob or the container is found.
struct AzureAddress: Sendable, Hashable {
  let endpoint: StoreEndpoint
  /// Percent-encoded once, slashes kept, as it is both sent and signed.
  let path: String

  /// Addresses the blob of that name, or the container itself where it is nil.
  init(_ connection: AzureConnection, name: String?, isPublic: Bool = false) {
    endpoint = isPublic ? connection.publicEndpoint ?? connection.endpoint : connection.endpoint
    var path =
      connection.accountInPath ? "/\(connection.accountName)/\(connection.container)" : "/\(connection.container)"
    if let name { path += "/\(PercentEncoding.path(name))" }
    self.path = path
  }

  /// The absolute URL with an already encoded query.
  func url(query: String) -> String { "\(endpoint)\(path)" + (query.isEmpty ? "" : "?\(query)") }
}
