package import SharedModel

/// One receiver of events, an entry of `REPLICATION_WEBHOOKS`.
package struct WebhookSettings: Sendable, Hashable {
  /// What it is called in logs, metrics and the database.
  package let name: String
  package let url: WebhookURL
  /// What events are signed with.
  package let secret: Secret
  /// The locations it is told of; nil for all.
  package let locations: Set<LocationID>?
  /// The namespaces it is told of; nil for all.
  package let namespaces: Set<String>?
  /// How long one attempt may take.
  package let timeout: Duration
  /// Whether it may be at a link-local address.
  package let allowsLinkLocal: Bool

  /// Describes a receiver.
  package init(
    name: String, url: WebhookURL, secret: Secret, locations: Set<LocationID>? = nil, namespaces: Set<String>? = nil,
    timeout: Duration = .seconds(10), allowsLinkLocal: Bool = false
  ) {
    self.name = name
    self.url = url
    self.secret = secret
    self.locations = locations
    self.namespaces = namespaces
    self.timeout = timeout
    self.allowsLinkLocal = allowsLinkLocal
  }

  /// Whether it is to be told of an image of `namespace` at `location`.
  package func wants(location: LocationID, namespace: String) -> Bool {
    locations?.contains(location) != false && namespaces?.contains(namespace) != false
  }
}

/// Where events are sent: `http` or `https`, a host, and a path with a query, which may hold a token and is not shown.
package struct WebhookURL: Sendable, Hashable, CustomStringConvertible {
  /// The longest URL accepted, in bytes.
  package static let maximumBytes = 2048

  package let endpoint: StoreEndpoint
  /// Path and query, beginning with a slash.
  package let target: Secret

  /// Parses an absolute URL of visible ASCII without user information and fragment; nil for anything else.
  package init?(parsing text: String) {
    guard text.utf8.count <= Self.maximumBytes, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !text.contains("#"),
      let mark = text.firstRange(of: "://")
    else { return nil }
    let rest = text[mark.upperBound...]
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    guard let endpoint = StoreEndpoint(parsing: String(text[..<end])) else { return nil }
    self.endpoint = endpoint
    target = Secret(rest[end...].hasPrefix("/") ? String(rest[end...]) : "/\(rest[end...])")
  }

  /// Scheme, host and port.
  package var description: String { endpoint.description }
}
