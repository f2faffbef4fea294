package import SharedModel

/// Everything a process of Meridian is told: the one file all regions share, and this region's environment.
package struct Configuration: Sendable, Hashable {
  /// `SERVER_HOSTNAME`: the global name, `host` or `host:port`.
  package let serverHostname: String
  /// `PREFERRED_URL_SCHEME`: `http` or `https`.
  package let urlScheme: String
  /// `REGION_HOSTNAMES`: further names clients may use, `host` or `host:port`.
  package let regionHostnames: [String]
  /// `REGION_NAME`, else the home location's id in the alphabet of region names.
  package let region: RegionName
  package let database: DatabaseSettings
  package let redis: RedisSettings
  /// All locations, ordered by id.
  package let locations: [LocationSettings]
  /// The locations every blob is to reach, in the file's order.
  package let defaultLocations: [LocationID]
  /// The order this region reads in; the first is where it writes. Never empty.
  package let preference: [LocationID]
  package let replicationEnabled: Bool
  package let proxyStorage: Bool
  /// `FEATURE_WRITE_FAILOVER`, true by default: whether pushes go to the next store while the preferred one does not work.
  package let writeFailoverEnabled: Bool
  package let localReplicationAllowed: Bool
  package let authentication: AuthenticationMode
  package let superUsers: [String]
  package let superuserPassword: Secret?
  /// `SECRET_KEY`: what every region signs with.
  package let secretKey: Secret?
  package let databaseSecretKey: Secret?
  package let registryState: RegistryState
  package let pushesDisabled: Bool
  /// `FEATURE_SPARSE_INDEX`: whether an index may list manifests its repository lacks.
  package let sparseIndexesAllowed: Bool
  /// `REGIONS`, ordered by name; may be empty.
  package let regions: [RegionSettings]
  /// `REPLICATION_BANDWIDTH_LIMITS`: how fast all workers together may send to a location; unnamed ones have no limit.
  package let bandwidthLimits: [LocationID: TransferRate]
  /// `REPLICATION_WEBHOOKS`: who is told of images that have become readable; may be empty.
  package let webhooks: [WebhookSettings]
  /// `HEALTH_…`: how the health service looks and judges.
  package let health: HealthSettings
  package let limits: ConfigurationLimits
  /// What must be the same in every region, hashed; see ``Fingerprint``.
  package let fingerprint: String

  /// This region's own location: where it writes, and the first it reads from (G1).
  package let home: LocationID

  /// The locations a new blob gets a job for: the default locations where replication is on, else none (G2).
  package var requiredLocations: [LocationID] { replicationEnabled ? defaultLocations : [] }

  /// The settings of a location; nil for an unknown id.
  package func location(_ id: LocationID) -> LocationSettings? { locations.first { $0.id == id } }
}

/// Who may do what.
package enum AuthenticationMode: String, Sendable, Hashable {
  /// `AUTHENTICATION_TYPE: None`: everybody may do everything; for machines nobody else reaches.
  case none
  /// `SUPER_USERS` with `SUPERUSER_PASSWORD`.
  case superusers
}

/// `REGISTRY_STATE`.
package enum RegistryState: String, Sendable, Hashable {
  case normal
  case readonly
}

/// One entry of `REGIONS`: where another region's services are found.
package struct RegionSettings: Sendable, Hashable {
  package let name: RegionName
  package let location: LocationID
  /// The base URL of its API, without a slash at the end.
  package let api: String?
  /// The base URL of its health service, without a slash at the end.
  package let health: String?
}

/// Sizes and times clients are held to.
package struct ConfigurationLimits: Sendable, Hashable {
  /// `MAXIMUM_LAYER_SIZE`, 20 GiB by default.
  package let maximumLayerSizeBytes: Int64
  /// The largest manifest, 4 MiB.
  package let maximumManifestBytes: Int
  /// `BLOBUPLOAD_DELETION_DATE_THRESHOLD` (minutes), two days by default: how long an upload may rest.
  package let uploadSessionLifetime: Duration
  /// How long a presigned URL is good for: 10 minutes, the most security rule 22 allows.
  package let presignLifetime: Duration
  /// `PUSH_TEMP_TAG_EXPIRATION_SEC`, an hour by default: how long a pushed blob is safe from collection without a manifest.
  package let linkLease: Duration
}
