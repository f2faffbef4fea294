package import SharedConfig
package import SharedModel

/// Everything the Azure engine needs to know of one container.
package struct AzureConnection: Sendable {
  /// What requests are authorised by.
  package enum Authorization: Sendable, Hashable {
    /// The account's key, not in base64.
    case sharedKey([UInt8])
    case accessSignature(AzureAccessSignature)
  }

  package var endpoint: StoreEndpoint
  /// Where clients are sent; the endpoint itself where nil.
  package var publicEndpoint: StoreEndpoint?
  package var accountName: String
  /// Whether the account is the first component of every path.
  package var accountInPath: Bool
  package var container: String
  package var storagePath: StoragePath
  package var authorization: Authorization
  /// PEM file of trusted authorities; the system's where nil.
  package var caBundlePath: String?
  package var deadlines = StoreDeadlines()
  /// Most connections to the service open at a time; further requests wait for one.
  package var maximumConnections: Int

  /// What the settings say; throws `refused` where the key is no base64, which settings that were read never are.
  package init(
    _ settings: AzureSettings, publicEndpoint: StoreEndpoint? = nil, maximumConnections: Int = 64
  ) throws(StorageError) {
    endpoint = settings.endpoint
    self.publicEndpoint = publicEndpoint
    accountName = settings.accountName
    accountInPath = settings.accountInPath
    container = settings.container
    storagePath = settings.storagePath
    caBundlePath = settings.caBundlePath
    self.maximumConnections = max(maximumConnections, 1)
    switch settings.authorization {
    case .sharedKey(let text):
      guard let key = Base64.decode(text.revealed) else { throw .refused(status: 0, code: "InvalidAccountKey") }
      authorization = .sharedKey(key)
    case .accessSignature(let signature): authorization = .accessSignature(signature)
    }
  }

  /// The service's own limits (docs: "Scalability and performance targets for Blob storage"), but for the size of parts:
  /// 256 MiB are enough for 12 TiB in 50,000 of them, and what fails is sent again whole.
  static let partLimits = PartLimits(
    minimumPartBytes: 4 << 20, maximumPartBytes: 256 << 20, maximumParts: 50_000,
    maximumSinglePutBytes: 5_000 << 20)

  /// Whether a request of ours may name a blob of the other as its source.
  func isSameService(as other: AzureConnection) -> Bool {
    endpoint == other.endpoint && accountName == other.accountName
  }
}
