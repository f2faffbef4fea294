import SharedModel

extension Configuration {
  /// Reads the file all regions share and this region's environment.
  ///
  /// `environment` is the process's: `QUAY_OVERRIDE_CONFIG` (a JSON object whose keys replace the file's),
  /// `QUAY_DISTRIBUTED_STORAGE_PREFERENCE` and `DISTRIBUTED_STORAGE_PREFERENCE` (blank-separated ids; the first that is
  /// set decides, G1) and `REGION_NAME` are looked at. Throws one error, the first found; what is accepted but worth
  /// knowing is returned as notices.
  package static func load(
    path: String, environment: [String: String]
  ) throws(ConfigurationError) -> (Configuration, notices: [ConfigurationNotice]) {
    let file = try ConfigurationFile(path: path)
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let (configuration, found) = try load(yaml: file.bytes, environment: environment, folder: folder)
    var notices = found
    if file.isReadableByEverybody {
      notices.append(.advice("every user of this machine can read the configuration and the secrets in it: chmod o-r"))
    }
    return (configuration, notices)
  }

  /// Reads the text of the file instead of a path, relative key files being in `folder`; see ``load(path:environment:)``.
  package static func load(
    yaml bytes: [UInt8], environment: [String: String], folder: String = ""
  ) throws(ConfigurationError) -> (Configuration, notices: [ConfigurationNotice]) {
    let file = try ConfigurationSection(try YAMLReader.read(bytes), path: "")
    let root = try ConfigurationOverride.apply(environment["QUAY_OVERRIDE_CONFIG"], to: file)
    var notices = try QuayKeys.check(root)
    let configuration = try Configuration(root, environment: environment, folder: folder)
    notices += try ConfigurationAdvice.notices(for: configuration, root: root)
    return (configuration, notices)
  }

  private init(
    _ root: ConfigurationSection, environment: [String: String], folder: String
  ) throws(ConfigurationError) {
    let origin = try OriginSettings(root)
    serverHostname = origin.serverHostname
    urlScheme = origin.urlScheme
    regionHostnames = origin.regionHostnames
    database = try DatabaseSettings(root)
    redis = try RedisSettings(root)
    let storage = try StorageSettings(root, environment: environment, folder: folder)
    locations = storage.locations
    defaultLocations = storage.defaultLocations
    preference = storage.preference
    home = storage.home
    replicationEnabled = storage.replicationEnabled
    localReplicationAllowed = storage.localReplicationAllowed
    proxyStorage = try root.boolean("FEATURE_PROXY_STORAGE") ?? false
    writeFailoverEnabled = try root.boolean("FEATURE_WRITE_FAILOVER") ?? true
    region = try RegionSettings.ownName(environment["REGION_NAME"], home: storage.home)
    regions = try RegionSettings.table(root, locations: storage.locations.map(\.id))
    let access = try AccessSettings(root)
    authentication = access.mode
    superUsers = access.superUsers
    superuserPassword = access.superuserPassword
    secretKey = access.secretKey
    databaseSecretKey = access.databaseSecretKey
    registryState = try Self.registryState(root)
    sparseIndexesAllowed = try root.boolean("FEATURE_SPARSE_INDEX") ?? false
    pushesDisabled = try root.boolean("DISABLE_PUSHES") ?? false
    bandwidthLimits = try BandwidthSettings.limits(root, locations: storage.locations.map(\.id))
    webhooks = try WebhookSettings.list(root, locations: storage.locations.map(\.id))
    health = try HealthSettings(root)
    limits = try ConfigurationLimits(root)
    fingerprint = Fingerprint.of(storage: storage, access: access)
  }

  private static func registryState(_ root: ConfigurationSection) throws(ConfigurationError) -> RegistryState {
    guard let text = try root.text("REGISTRY_STATE") else { return .normal }
    guard let state = RegistryState(rawValue: text) else {
      throw root.invalid("REGISTRY_STATE", text, "must be normal or readonly")
    }
    return state
  }
}

extension ConfigurationLimits {
  fileprivate init(_ root: ConfigurationSection) throws(ConfigurationError) {
    let size = try root.text("MAXIMUM_LAYER_SIZE") ?? "20G"
    guard let bytes = SizeText.bytes(size) else {
      throw root.invalid(
        "MAXIMUM_LAYER_SIZE", size, "must be a number and K, M, G or T, from 1K to 5T, for example 20G")
    }
    maximumLayerSizeBytes = bytes
    maximumManifestBytes = ManifestLimits.default.maximumBytes
    uploadSessionLifetime = .seconds(
      60 * (try root.integer("BLOBUPLOAD_DELETION_DATE_THRESHOLD", in: 10...525_600) ?? 2880))
    presignLifetime = .seconds(600)
    linkLease = .seconds(try root.integer("PUSH_TEMP_TAG_EXPIRATION_SEC", in: 60...31_536_000) ?? 3600)
  }
}
