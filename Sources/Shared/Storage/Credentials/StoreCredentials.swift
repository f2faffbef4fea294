package import SharedModel

/// A key pair that signs requests and, where it is temporary, its token and its end.
///
/// As a source it is one that never changes.
package struct StoreCredentials: Sendable, Hashable {
  package let accessKey: String
  package let secretKey: Secret
  package let sessionToken: Secret?
  /// Seconds since the epoch; nil where no end is known.
  package let expiresAt: Int64?

  /// Holds a key pair and, for temporary credentials, their token and end.
  package init(accessKey: String, secretKey: Secret, sessionToken: Secret? = nil, expiresAt: Int64? = nil) {
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
    self.expiresAt = expiresAt
  }
}

extension StoreCredentials: CustomStringConvertible, CustomReflectable {
  /// Nothing of the credentials, so that they cannot be logged by accident.
  package var description: String { "<credentials>" }
  package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension StoreCredentials: CredentialsSource {
  package var identity: String { "key \(accessKey)" }
  package var fixed: StoreCredentials? { self }
  package func fetch() async throws(StorageError) -> StoreCredentials { self }
}
