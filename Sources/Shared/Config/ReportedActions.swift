import SharedModel

/// What a configuration makes each process do, as sentences without secrets.
enum ReportedActions {
  static func registryAPI(_ configuration: Configuration) -> [String] {
    var actions = ["answers as \(configuration.serverHostname)" + others(configuration.regionHostnames)]
    if configuration.registryState == .readonly {
      actions.append("refuses pushes and deletions: REGISTRY_STATE is readonly")
    } else if configuration.pushesDisabled {
      actions.append("refuses pushes: DISABLE_PUSHES is true")
    } else {
      actions.append(
        "writes pushes to \(configuration.home); layers may be \(SizeText.text(configuration.limits.maximumLayerSizeBytes)) "
          + "and manifests \(SizeText.text(Int64(configuration.limits.maximumManifestBytes)))")
      actions.append(copies(configuration))
    }
    actions.append("reads from the first of \(list(configuration.preference)) that holds a blob")
    actions.append(
      configuration.proxyStorage
        ? "streams blobs through itself: FEATURE_PROXY_STORAGE is true"
        : "redirects blob downloads to the store, with URLs good for \(configuration.limits.presignLifetime.components.seconds) s"
    )
    actions.append(access(configuration))
    actions.append(database(configuration))
    actions.append("announces jobs in Redis at \(redis(configuration))")
    return actions
  }

  static func replicationWorker(_ configuration: Configuration) -> [String] {
    guard configuration.replicationEnabled else {
      return ["has nothing to do: FEATURE_STORAGE_REPLICATION is not true"]
    }
    var actions: [String] = []
    if configuration.requiredLocations.isEmpty {
      actions.append("has nothing to do: DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS is empty")
    } else {
      let isRequired = configuration.requiredLocations.contains(configuration.home)
      actions.append(
        isRequired
          ? "copies what is missing to \(configuration.home), unless --locations names others"
          : "finds nothing to copy to \(configuration.home), which is no default location, unless --locations names others"
      )
      let sources = configuration.preference.filter { $0 != configuration.home }
      if !sources.isEmpty { actions.append("reads from \(list(sources)), nearest first") }
    }
    for (location, rate) in configuration.bandwidthLimits.sorted(by: { $0.key < $1.key }) {
      actions.append("sends at most \(rate) to \(location), all workers together")
    }
    if !configuration.webhooks.isEmpty {
      let receivers = configuration.webhooks.map { "\($0.name) at \($0.url)" }.joined(separator: ", ")
      actions.append("tells \(receivers) when images become readable")
    }
    if configuration.registryState == .readonly { actions.append("waits: REGISTRY_STATE is readonly") }
    actions.append("takes jobs from Redis at \(redis(configuration)), and from the database without it")
    actions.append(database(configuration))
    return actions
  }

  static func healthService(_ configuration: Configuration) -> [String] {
    var actions = [
      "probes \(list(configuration.locations.map(\.id))), the database and Redis",
      "publishes the verdict on region \(configuration.region)",
    ]
    if configuration.regions.isEmpty {
      actions.append("knows other regions by what they publish: REGIONS is not set")
    } else {
      actions.append("answers for regions \(configuration.regions.map(\.name.description).joined(separator: ", "))")
    }
    actions.append(database(configuration))
    return actions
  }

  private static func copies(_ configuration: Configuration) -> String {
    let targets = configuration.requiredLocations.filter { $0 != configuration.home }
    guard configuration.replicationEnabled else { return "orders no copies: FEATURE_STORAGE_REPLICATION is not true" }
    return targets.isEmpty
      ? "orders no copies: there is no other default location" : "orders a copy of every push to \(list(targets))"
  }

  private static func access(_ configuration: Configuration) -> String {
    switch configuration.authentication {
    case .none: return "lets everybody do everything: AUTHENTICATION_TYPE is None; it will only listen on loopback"
    case .superusers:
      let names = configuration.superUsers
      return names.isEmpty || configuration.superuserPassword == nil
        ? "lets nobody in: SUPER_USERS or SUPERUSER_PASSWORD is missing" : "lets in \(names.joined(separator: ", "))"
    }
  }

  private static func database(_ configuration: Configuration) -> String {
    let replica = configuration.database.readURI == nil ? "" : ", reading digests from the replica of DB_READ_URI"
    return "uses the database \(configuration.database.summary) with at most "
      + "\(configuration.database.poolSize + configuration.database.pipelineConnections) connections\(replica)"
  }

  private static func redis(_ configuration: Configuration) -> String {
    "\(configuration.redis.host):\(configuration.redis.port)/\(configuration.redis.database)"
  }

  private static func others(_ names: [String]) -> String {
    names.isEmpty ? "" : " and \(names.joined(separator: ", "))"
  }

  private static func list(_ ids: [LocationID]) -> String { ids.map(\.description).joined(separator: ", ") }
}
