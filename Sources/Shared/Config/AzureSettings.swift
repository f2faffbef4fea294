package import SharedModel

/// A container of an Azure storage account, spoken to by the Blob service's REST interface.
package struct AzureSettings: Sendable, Hashable {
  /// What requests are authorised by.
  package enum Authorization: Sendable, Hashable {
    /// Every request is signed with the account's key, given in base64.
    case sharedKey(Secret)
    /// Every request carries a shared access signature that somebody with the key has made.
    case accessSignature(AzureAccessSignature)
  }

  package let endpoint: StoreEndpoint
  package let accountName: String
  /// Whether the account is the first component of every path, as emulators and Azure Stack by address want it, and not
  /// part of the host name.
  package let accountInPath: Bool
  package let container: String
  package let storagePath: StoragePath
  package let authorization: Authorization
  /// A PEM file of certificate authorities to trust instead of the system's.
  package let caBundlePath: String?

  /// Makes settings.
  package init(
    endpoint: StoreEndpoint, accountName: String, accountInPath: Bool = false, container: String,
    storagePath: StoragePath, authorization: Authorization, caBundlePath: String? = nil
  ) {
    self.endpoint = endpoint
    self.accountName = accountName
    self.accountInPath = accountInPath
    self.container = container
    self.storagePath = storagePath
    self.authorization = authorization
    self.caBundlePath = caBundlePath
  }
}

extension AzureSettings: EngineDescription {
  package var engineName: String { "AzureStorage" }

  package var summary: String {
    "\(endpoint)/\(accountInPath ? "\(accountName)/" : "")\(container)/\(storagePath.prefix)"
  }

  package var identity: String { "\(accountName)/\(container)/\(storagePath.prefix)" }
}
