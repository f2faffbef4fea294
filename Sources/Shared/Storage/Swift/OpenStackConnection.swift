package import SharedConfig

/// Everything the engine needs to know of one container.
package struct OpenStackConnection: Sendable {
  package var settings: OpenStackSettings
  /// Where clients are sent; the address the service gives where nil.
  package var publicEndpoint: S3Endpoint?
  package var deadlines: StoreDeadlines
  /// Most connections to the service open at a time; further requests wait for one.
  package var maximumConnections: Int
  /// Segments of one manifest (Swift's `max_manifest_segments`); with more, manifests of manifests are made.
  package var segmentsPerManifest = 1_000
  /// The largest object Swift takes in one piece (its `max_file_size`, 5 GiB and 2 bytes), copies included.
  package var largestObjectBytes: Int64 = 5 << 30
  /// One range of a larger copy.
  package var copyPartBytes: Int64 = 1 << 30

  /// Describes a container; the limits are Swift's own defaults.
  package init(
    _ settings: OpenStackSettings, publicEndpoint: S3Endpoint? = nil, deadlines: StoreDeadlines = StoreDeadlines(),
    maximumConnections: Int = 64
  ) {
    self.settings = settings
    self.publicEndpoint = publicEndpoint
    self.deadlines = deadlines
    self.deadlines.connect = settings.connectTimeout
    self.maximumConnections = max(maximumConnections, 1)
  }

  var container: String { settings.container }
  var caBundlePath: String? { settings.caBundlePath }

  var partLimits: PartLimits {
    PartLimits(
      minimumPartBytes: min(5 << 20, largestObjectBytes), maximumPartBytes: largestObjectBytes, maximumParts: 10_000,
      maximumSinglePutBytes: largestObjectBytes)
  }

  /// Whether both speak to one account, so that one request may name objects of both containers.
  func isSameAccount(as other: OpenStackConnection) -> Bool { settings.signIn == other.settings.signIn }
}
