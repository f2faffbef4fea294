import SharedModel

extension LocationSettings {
  /// Reads one entry of `DISTRIBUTED_STORAGE_CONFIG`: an id and a pair of engine name and parameters.
  ///
  /// `folder` is that of the configuration's file, where relative names of key files begin.
  init(
    _ entry: ConfigurationValue.Entry, in table: ConfigurationSection, folder: String
  ) throws(ConfigurationError) {
    let place = table.place(entry.key)
    guard let id = try? LocationID(parsing: entry.key) else {  // The reason is always the same, and said here.
      throw .invalidValue(
        key: place, value: nil, reason: "is no location id: up to 64 letters, digits, dots, dashes and underscores")
    }
    guard case .list(let pair) = entry.value.content, (1...2).contains(pair.count),
      case .scalar(let engineName, _) = pair[0].content
    else {
      throw .wrongType(
        key: place, expected: "a list of an engine name and a map of its parameters", found: entry.value.kindName)
    }
    guard let schema = EngineSchema.named(engineName) else {
      let names = EngineSchema.all.map(\.name)
      let suggestion = NearestName.of(engineName, among: names).map { "did you mean \($0)?" }
      throw .invalidValue(
        key: place, value: Excerpt(engineName),
        reason: "is not a storage engine; \(suggestion ?? "there are \(names.joined(separator: ", "))")")
    }
    let path = "\(place.key).\(engineName)"
    let section =
      pair.count == 2
      ? try ConfigurationSection(pair[1], path: path)
      : ConfigurationSection(path: path, origin: entry.origin, entries: [])
    try schema.check(section)
    self.id = id
    engine = try EngineSettings(section, schema: schema, folder: folder)
    publicEndpoint = try Self.publicEndpoint(section)
  }

  private static func publicEndpoint(_ section: ConfigurationSection) throws(ConfigurationError) -> String? {
    guard let text = try section.text("public_endpoint") else { return nil }
    guard let endpoint = StoreEndpoint(parsing: text) else {
      throw section.invalid("public_endpoint", text, "must be http://HOST[:PORT] or https://HOST[:PORT]")
    }
    return endpoint.description
  }
}

extension EngineSettings {
  /// Reads parameters that `schema` has checked.
  init(_ section: ConfigurationSection, schema: EngineSchema, folder: String) throws(ConfigurationError) {
    switch schema.name {
    case "LocalStorage":
      let path = try section.text("storage_path") ?? ""
      guard path.hasPrefix("/"), !path.utf8.contains(0), !path.split(separator: "/").contains("..") else {
        throw section.invalid("storage_path", path, "must be an absolute path without '..'")
      }
      self = .local(LocalSettings(rootPath: path))
    case "S3Storage": self = .s3(try S3Settings(amazon: section, engineName: schema.name))
    case "STSS3Storage": self = .s3(try S3Settings(securityToken: section))
    case "CloudFrontedS3Storage": self = .s3(try S3Settings(cloudFronted: section, folder: folder))
    case "GoogleCloudStorage": self = .s3(try S3Settings(google: section))
    case "RadosGWStorage", "RHOCSStorage", "IBMCloudStorage":
      self = .s3(try S3Settings(gateway: section, engineName: schema.name))
    case "SwiftStorage": self = .openStack(try OpenStackSettings(section))
    case "AzureStorage": self = .azure(try AzureSettings(section))
    default: self = .other(name: schema.name, parameters: try EngineParameters(section, schema: schema))
    }
  }
}

extension EngineParameters {
  fileprivate init(_ section: ConfigurationSection, schema: EngineSchema) throws(ConfigurationError) {
    var values: [String: String] = [:]
    var secrets: [String: Secret] = [:]
    for parameter in schema.parameters {
      switch parameter.kind {
      case .secret: secrets[parameter.name] = try section.secret(parameter.name)
      case .any: break
      case .text, .boolean, .integer, .number: values[parameter.name] = try section.text(parameter.name)
      }
    }
    if let path = values["storage_path"], StoragePath(path) == nil {
      throw section.invalid("storage_path", path, "must be printable ASCII without '..', at most 512 characters")
    }
    self.values = values
    self.secrets = secrets
  }
}
