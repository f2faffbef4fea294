import SharedModel

extension HealthSettings {
  /// Reads the keys that begin with `HEALTH_`.
  init(_ root: ConfigurationSection) throws(ConfigurationError) {
    details = try Self.details(root)
    maximumOutFraction = try Self.fraction("HEALTH_MAX_OUT_FRACTION", root) ?? 0.67
    servesFromRemote = try root.boolean("HEALTH_SERVE_FROM_REMOTE") ?? false
    staleAfter = try Self.seconds("HEALTH_STALE_SECONDS", root, in: 5...300) ?? .seconds(15)
    probeInterval = try Self.seconds("HEALTH_PROBE_INTERVAL_SECONDS", root, in: 1...60) ?? .seconds(2)
    probeDeadline = try Self.seconds("HEALTH_PROBE_DEADLINE_SECONDS", root, in: 1...60) ?? .seconds(3)
    probeRise = Int(try root.integer("HEALTH_PROBE_RISE", in: 1...20) ?? 2)
    probeFall = Int(try root.integer("HEALTH_PROBE_FALL", in: 1...20) ?? 3)
    canaryRepository = try Self.repository(root)
    caBundlePath = try Self.path("HEALTH_CA_BUNDLE", try root.text("HEALTH_CA_BUNDLE"), root)
    certificateWarnDays = Int(try root.integer("HEALTH_CERTIFICATE_WARN_DAYS", in: 0...365) ?? 14)
    clockWarn = try Self.seconds("HEALTH_CLOCK_WARN_SECONDS", root, in: 1...3600) ?? .seconds(30)
    clockFail = try Self.seconds("HEALTH_CLOCK_FAIL_SECONDS", root, in: 1...3600) ?? .seconds(300)
    replicationWarn = try Self.seconds("HEALTH_REPLICATION_WARN_SECONDS", root, in: 1...604_800) ?? .seconds(900)
    replicaLagWarn = try Self.seconds("HEALTH_REPLICA_LAG_WARN_SECONDS", root, in: 1...604_800) ?? .seconds(30)
    diskWarnPercent = Int(try root.integer("HEALTH_DISK_WARN_PERCENT", in: 0...99) ?? 5)
    var paths: [String] = []
    for text in try root.texts("HEALTH_DISK_PATHS") ?? [] {
      if let path = try Self.path("HEALTH_DISK_PATHS", text, root) { paths.append(path) }
    }
    diskPaths = paths
    guard clockWarn <= clockFail else {
      throw root.invalid("HEALTH_CLOCK_WARN_SECONDS", nil, "must not be more than HEALTH_CLOCK_FAIL_SECONDS")
    }
  }

  private static func details(_ root: ConfigurationSection) throws(ConfigurationError) -> Details {
    guard let text = try root.text("HEALTH_DETAILS") else { return .superusers }
    guard let details = Details(rawValue: text) else {
      throw root.invalid("HEALTH_DETAILS", text, "must be loopback, superusers or everybody")
    }
    return details
  }

  private static func repository(_ root: ConfigurationSection) throws(ConfigurationError) -> RepositoryName {
    let text = try root.text("HEALTH_CANARY_REPOSITORY") ?? "meridian-health/canary"
    do throws(ModelError) {
      return try RepositoryName(parsing: text)
    } catch {
      throw root.invalid("HEALTH_CANARY_REPOSITORY", text, "is no repository's name, such as meridian-health/canary")
    }
  }

  private static func seconds(
    _ key: String, _ root: ConfigurationSection, in range: ClosedRange<Int64>
  ) throws(ConfigurationError) -> Duration? {
    try root.integer(key, in: range).map { .seconds($0) }
  }

  /// A number from 0 to 1, with a point.
  private static func fraction(_ key: String, _ root: ConfigurationSection) throws(ConfigurationError) -> Double? {
    guard let text = try root.text(key) else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isDigit) }),
      text.utf8.count <= 12, let number = Double(text), (0...1).contains(number)
    else { throw root.invalid(key, text, "must be a number from 0 to 1, for example 0.67") }
    return number
  }

  private static func path(
    _ key: String, _ text: String?, _ root: ConfigurationSection
  ) throws(ConfigurationError) -> String? {
    guard let text else { return nil }
    guard text.hasPrefix("/"), !text.utf8.contains(0), text.utf8.count <= 4096 else {
      throw root.invalid(key, text, "must be an absolute path")
    }
    return text
  }
}
