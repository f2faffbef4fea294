package import SharedConfig

/// Everything the engine needs to know of one container.
package struct OpenStackConnection: Sendable {
  /// Deadlines of the engine's requests; bodies have no total deadline, only the transport's low-speed limit.
  package struct Deadlines: Sendable, Hashable {
    /// HEAD, DELETE, tokens, and empty objects.
    package var small: Duration = .seconds(15)
    /// Manifests, whose segments the store looks at one by one.
    package var heavy: Duration = .seconds(300)
    /// Pages of listings.
    package var listing: Duration = .seconds(60)
    /// How long a body may stay below `slowestBytesPerSecond`.
    package var stall: Duration = .seconds(30)
    package var slowestBytesPerSecond = 1024

    /// The defaults.
    package init() {}
  }

  package var settings: OpenStackSettings
  /// Where clients are sent; the address the service gives where nil.
  package var publicEndpoint: S3Endpoint?
  package var deadlines = Deadlines()
  /// Most connections to the service open at a time; further requests wait for one.
  package var maximumConnections: Int
  /// Segments of one manifest (Swift's `max_manifest_segments`); with more, manifests of manifests are made.
  package var segmentsPerManifest = 1_000
  /// The largest object Swift takes in one piece (its `max_file_size`, 5 GiB and 2 bytes), copies included.
  package var largestObjectBytes: Int64 = 5 << 30
  /// One range of a larger copy.
  package var copyPartBytes: Int64 = 1 << 30

  /// Describes a container; the limits are Swift's own defaults.
  package init(_ settings: OpenStackSettings, publicEndpoint: S3Endpoint? = nil, maximumConnections: Int = 64) {
    self.settings = settings
    self.publicEndpoint = publicEndpoint
    self.maximumConnections = max(maximumConnections, 1)
  }

  var container: String { settings.container }

  var partLimits: PartLimits {
    PartLimits(
      minimumPartBytes: min(5 << 20, largestObjectBytes), maximumPartBytes: largestObjectBytes, maximumParts: 10_000,
      maximumSinglePutBytes: largestObjectBytes)
  }

  /// Whether both speak to one account, so that one request may name objects of both containers.
  func isSameAccount(as other: OpenStackConnection) -> Bool { settings.signIn == other.settings.signIn }
}
