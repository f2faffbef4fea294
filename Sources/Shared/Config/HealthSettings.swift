package import SharedModel

/// How the health service looks and judges (`HEALTH_…`); the same in every region, so that all of them judge alike.
package struct HealthSettings: Sendable, Hashable {
  /// Who is shown reasons in words and what is known of other locations.
  package enum Details: String, Sendable, Hashable, CaseIterable {
    /// Superusers, and whoever asks from the service's own host.
    case loopback
    case superusers
    case everybody
  }

  /// `HEALTH_DETAILS`, superusers by default.
  package let details: Details
  /// `HEALTH_MAX_OUT_FRACTION`, 0.67 by default: the share of the regions that may be out by judgement at a time.
  package let maximumOutFraction: Double
  /// `HEALTH_SERVE_FROM_REMOTE`: whether a region whose own store cannot be read goes on while a canary pull works.
  package let servesFromRemote: Bool
  /// `HEALTH_STALE_SECONDS`, 15 by default: what was heard of a region longer ago says nothing.
  package let staleAfter: Duration
  /// `HEALTH_PROBE_INTERVAL_SECONDS`, 2 by default: the time between two looks at a store, Redis or the API.
  package let probeInterval: Duration
  /// `HEALTH_PROBE_DEADLINE_SECONDS`, 3 by default: a look that takes longer has failed.
  package let probeDeadline: Duration
  /// `HEALTH_PROBE_RISE`, 2 by default: looks in a row that must succeed for a component to be well again.
  package let probeRise: Int
  /// `HEALTH_PROBE_FALL`, 3 by default: looks in a row that must fail for a component to be down.
  package let probeFall: Int
  /// `HEALTH_CANARY_REPOSITORY`, `meridian-health/canary` by default: where the image is that is pulled as a proof.
  package let canaryRepository: RepositoryName
  /// `HEALTH_CA_BUNDLE`: a PEM file with the authorities of the regions' own listeners; the system's by default.
  package let caBundlePath: String?
  /// `HEALTH_CERTIFICATE_WARN_DAYS`, 14 by default.
  package let certificateWarnDays: Int
  /// `HEALTH_CLOCK_WARN_SECONDS`, 30 by default.
  package let clockWarn: Duration
  /// `HEALTH_CLOCK_FAIL_SECONDS`, 300 by default: presigned requests fail from there on.
  package let clockFail: Duration
  /// `HEALTH_REPLICATION_WARN_SECONDS`, 900 by default: the age of the oldest copy not made yet that is worth a warning.
  package let replicationWarn: Duration
  /// `HEALTH_REPLICA_LAG_WARN_SECONDS`, 30 by default: how far the database's replica may be behind.
  package let replicaLagWarn: Duration
  /// `HEALTH_DISK_WARN_PERCENT`, 5 by default: the free space below which disks are worth a warning.
  package let diskWarnPercent: Int
  /// `HEALTH_DISK_PATHS`: further folders whose disks are looked at, absolute.
  package let diskPaths: [String]
}
