import SharedModel

/// What is accepted but probably not meant, as sentences.
enum ConfigurationAdvice {
  static func notices(
    for configuration: Configuration, root: ConfigurationSection
  ) throws(ConfigurationError) -> [ConfigurationNotice] {
    var sentences: [String] = []
    for location in configuration.locations where !location.engine.isAvailable {
      sentences.append(
        "location \(location.id) uses \(location.engine.engineName), which this build cannot open: no process will "
          + "start with it")
    }
    for location in configuration.locations {
      guard case .s3(let settings) = location.engine, settings.distribution?.hasOverrides == true else { continue }
      sentences.append(
        "location \(location.id): cloudfront_distribution_org_overrides has no effect; every URL is of "
          + "cloudfront_distribution_domain")
    }
    if configuration.replicationEnabled {
      if configuration.defaultLocations.isEmpty {
        sentences.append(
          "FEATURE_STORAGE_REPLICATION is true but DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS is empty: nothing is copied")
      }
      let unread = configuration.locations.map(\.id).filter { !configuration.preference.contains($0) }
      if !unread.isEmpty {
        sentences.append(
          "this region's preference leaves out \(list(unread)): they are read from last, when no other holds a blob")
      }
    } else if configuration.locations.count > 1 {
      sentences.append("FEATURE_STORAGE_REPLICATION is not true: blobs stay at the location they were pushed to")
    }
    switch configuration.authentication {
    case .none: sentences.append("AUTHENTICATION_TYPE is None: everybody may do everything; listen on loopback only")
    case .superusers:
      if configuration.superUsers.isEmpty || configuration.superuserPassword == nil {
        sentences.append("SUPER_USERS or SUPERUSER_PASSWORD is missing: nobody can sign in")
      }
      if configuration.secretKey == nil {
        sentences.append("SECRET_KEY is missing: set the same one, 16 characters or more, in every region")
      }
    }
    if configuration.urlScheme == "http", !isLoopback(configuration.serverHostname) {
      sentences.append("PREFERRED_URL_SCHEME is http: credentials and images cross the network unencrypted")
    }
    for webhook in configuration.webhooks
    where webhook.url.endpoint.scheme == "http" && !isLoopback(webhook.url.endpoint.host) {
      sentences.append("webhook \(webhook.name) uses http: names of images cross the network unencrypted")
    }
    if try redisServersDiffer(root) {
      sentences.append("BUILDLOGS_REDIS and USER_EVENTS_REDIS differ; Meridian uses BUILDLOGS_REDIS for its queue")
    }
    return sentences.map(ConfigurationNotice.advice)
  }

  private static func redisServersDiffer(_ root: ConfigurationSection) throws(ConfigurationError) -> Bool {
    guard let builds = try root.section("BUILDLOGS_REDIS"), let events = try root.section("USER_EVENTS_REDIS") else {
      return false
    }
    for key in ["host", "port", "db"] {
      let (left, right) = (try builds.text(key), try events.text(key))
      if left != right { return true }
    }
    return false
  }

  private static func list(_ ids: [LocationID]) -> String { ids.map(\.description).joined(separator: ", ") }

  private static func isLoopback(_ host: String) -> Bool {
    host.hasPrefix("127.") || host.hasPrefix("localhost") || host.hasPrefix("[::1]")
  }
}
