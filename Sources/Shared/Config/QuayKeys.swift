import SharedModel

/// The top-level keys of the configuration: those Meridian reads, and those of Quay it has no use for.
enum QuayKeys {
  /// Keys of Quay that Meridian reads.
  static let used: Set<String> = [
    "AUTHENTICATION_TYPE", "BLOBUPLOAD_DELETION_DATE_THRESHOLD", "BUILDLOGS_REDIS", "DATABASE_SECRET_KEY",
    "DB_CONNECTION_ARGS", "DB_URI", "DISABLE_PUSHES", "DISTRIBUTED_STORAGE_CONFIG",
    "DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS", "DISTRIBUTED_STORAGE_PREFERENCE", "FEATURE_PROXY_STORAGE",
    "FEATURE_SPARSE_INDEX", "FEATURE_STORAGE_REPLICATION", "MAXIMUM_LAYER_SIZE", "PREFERRED_URL_SCHEME",
    "PUSH_TEMP_TAG_EXPIRATION_SEC",
    "REGISTRY_STATE", "SECRET_KEY", "SERVER_HOSTNAME", "SUPER_USERS", "USER_EVENTS_REDIS",
  ]

  /// Meridian's own keys.
  static let added: Set<String> = [
    "ALLOW_LOCAL_REPLICATION", "DB_READ_URI", "FEATURE_WRITE_FAILOVER", "HEALTH_CANARY_REPOSITORY", "HEALTH_CA_BUNDLE",
    "HEALTH_CERTIFICATE_WARN_DAYS", "HEALTH_CLOCK_FAIL_SECONDS", "HEALTH_CLOCK_WARN_SECONDS", "HEALTH_DETAILS",
    "HEALTH_DISK_PATHS", "HEALTH_DISK_WARN_PERCENT", "HEALTH_MAX_OUT_FRACTION", "HEALTH_PROBE_DEADLINE_SECONDS",
    "HEALTH_PROBE_FALL", "HEALTH_PROBE_INTERVAL_SECONDS", "HEALTH_PROBE_RISE", "HEALTH_REPLICATION_WARN_SECONDS",
    "HEALTH_REPLICA_LAG_WARN_SECONDS", "HEALTH_SERVE_FROM_REMOTE", "HEALTH_STALE_SECONDS", "IGNORED_KEYS", "REGIONS",
    "REGION_HOSTNAMES",
    "REPLICATION_BANDWIDTH_LIMITS", "REPLICATION_WEBHOOKS", "SUPERUSER_PASSWORD",
  ]

  /// Checks every top-level key and names, each once, those that are accepted without a use.
  ///
  /// A key that is neither Quay's nor Meridian's is an error, since a misspelt key would silently not take effect
  /// (security rule 27); `IGNORED_KEYS` names exceptions, such as keys of a Quay newer than the list here.
  static func check(_ root: ConfigurationSection) throws(ConfigurationError) -> [ConfigurationNotice] {
    let ignored = Set(try root.texts("IGNORED_KEYS") ?? [])
    var notices: [ConfigurationNotice] = []
    for entry in root.entries where !used.contains(entry.key) && !added.contains(entry.key) {
      if ignored.contains(entry.key) {
        notices.append(.ignoredKey(entry.key))
      } else if unused.contains(entry.key) || isUnusedByPattern(entry.key) {
        notices.append(.unusedKey(entry.key))
      } else {
        // Keys that take effect first: of two equally near ones they are the more likely meant.
        let known = used.sorted() + added.sorted() + unused.sorted()
        throw .unknownKey(
          key: .init(key: Excerpt(entry.key).description, origin: entry.origin),
          suggestion: NearestName.of(entry.key, among: known))
      }
    }
    return notices
  }

  /// Quay takes any number of identity providers, each under a key of the operator's choosing.
  private static func isUnusedByPattern(_ key: String) -> Bool {
    key.hasSuffix("_LOGIN_CONFIG") || key.hasSuffix("_TRIGGER_CONFIG")
  }
}
