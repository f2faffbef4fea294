/// The name of a storage engine in Quay's `DISTRIBUTED_STORAGE_CONFIG` and the parameters it takes.
struct EngineSchema: Sendable {
  /// What a parameter's value may be.
  enum Kind: Sendable {
    case text
    /// Text that is never shown.
    case secret
    case boolean
    case integer
    /// A positive number, fractions allowed.
    case number
    /// Lists, maps or anything else; taken but not looked into.
    case any
  }

  struct Parameter: Sendable {
    let name: String
    let kind: Kind
    let isRequired: Bool

    static func required(_ name: String, _ kind: Kind = .text) -> Parameter {
      Parameter(name: name, kind: kind, isRequired: true)
    }

    static func optional(_ name: String, _ kind: Kind = .text) -> Parameter {
      Parameter(name: name, kind: kind, isRequired: false)
    }
  }

  let name: String
  let parameters: [Parameter]

  /// The schema of an engine by its exact name.
  static func named(_ name: String) -> EngineSchema? { all.first { $0.name == name } }

  /// Checks that every parameter is known, every required one is there and each has its type.
  func check(_ section: ConfigurationSection) throws(ConfigurationError) {
    try section.refuseKeys(notIn: parameters.map(\.name))
    for parameter in parameters {
      if parameter.isRequired, section.value(parameter.name) == nil {
        throw section.missing(parameter.name, hint: "\(name) needs it")
      }
      switch parameter.kind {
      case .text, .secret:
        if let text = try section.text(parameter.name), parameter.isRequired, text.isEmpty {
          throw section.invalid(parameter.name, nil, "must not be empty")
        }
      case .boolean: _ = try section.boolean(parameter.name)
      case .integer: _ = try section.integer(parameter.name, in: 0...Int64(Int32.max))
      case .number: _ = try section.sizeBytes(parameter.name, unitBytes: 1)
      case .any: break
      }
    }
  }
}

extension EngineSchema {
  /// Every engine of Quay (storage/__init__.py, `STORAGE_DRIVER_CLASSES`) with its constructor's parameters.
  static let all: [EngineSchema] = [
    EngineSchema(name: "LocalStorage", parameters: [.required("storage_path")] + everywhere),
    EngineSchema(name: "S3Storage", parameters: s3 + client + everywhere),
    EngineSchema(name: "RadosGWStorage", parameters: radosGateway + client + everywhere),
    EngineSchema(name: "RHOCSStorage", parameters: radosGateway + client + everywhere),
    EngineSchema(name: "IBMCloudStorage", parameters: ibmCloud + client + everywhere),
    EngineSchema(name: "GoogleCloudStorage", parameters: googleCloud + client + everywhere),
    EngineSchema(name: "AzureStorage", parameters: azure + everywhere),
    EngineSchema(name: "SwiftStorage", parameters: openStackSwift + client + everywhere),
    EngineSchema(name: "STSS3Storage", parameters: securityTokenS3 + client + everywhere),
    EngineSchema(
      name: "CloudFrontedS3Storage",
      parameters: s3 + [
        .required("cloudfront_distribution_domain"), .required("cloudfront_key_id", .secret),
        .required("cloudfront_privatekey_filename"), .optional("cloudfront_distribution_org_overrides", .any),
      ] + client + everywhere),
    EngineSchema(
      name: "CloudFlareStorage",
      parameters: s3 + [.required("cloudflare_domain"), .required("cloudflare_privatekey_filename")] + client
        + everywhere),
    EngineSchema(
      name: "AkamaiS3Storage",
      parameters: s3 + [.required("akamai_domain"), .required("akamai_shared_secret", .secret)] + client + everywhere),
    EngineSchema(
      name: "MultiCDNStorage",
      parameters: [
        .required("storage_config", .any), .required("providers", .any), .required("default_provider"),
        .required("rules", .any),
      ] + everywhere),
  ]

  /// Meridian's addition for all engines: the address put into presigned URLs.
  private static let everywhere: [Parameter] = [.optional("public_endpoint")]

  /// Meridian's additions for the engines reached over HTTP.
  private static let client: [Parameter] = [.optional("ca_bundle_path"), .optional("server_side_encryption", .boolean)]

  private static let s3: [Parameter] = [
    .required("storage_path"), .required("s3_bucket"), .optional("s3_access_key", .secret),
    .optional("s3_secret_key", .secret), .optional("s3_region"), .optional("host"), .optional("port", .integer),
    .optional("endpoint_url"), .optional("maximum_chunk_size_gb", .number), .optional("minimum_chunk_size_mb", .number),
    .optional("aws_session_token", .secret), .optional("deferred_refreshable_credentials", .any),
    .optional("signature_version"), .optional("credentials_file"),
  ]

  private static let securityTokenS3: [Parameter] = [
    .required("storage_path"), .required("s3_bucket"), .optional("sts_role_arn"),
    .optional("sts_user_access_key", .secret), .optional("sts_user_secret_key", .secret), .optional("s3_region"),
    .optional("endpoint_url"), .optional("maximum_chunk_size_gb", .number), .optional("signature_version"),
    .optional("sts_endpoint_url"),
  ]

  private static let radosGateway: [Parameter] = [
    .required("hostname"), .required("is_secure", .boolean), .required("storage_path"),
    .required("access_key", .secret), .required("secret_key", .secret), .required("bucket_name"),
    .optional("region_name"), .optional("signature_version"), .optional("port", .integer),
    .optional("minimum_chunk_size_mb", .number), .optional("maximum_chunk_size_mb", .number),
    .optional("server_side_assembly", .boolean),
  ]

  private static let ibmCloud: [Parameter] = [
    .required("hostname"), .required("is_secure", .boolean), .required("storage_path"),
    .required("access_key", .secret), .required("secret_key", .secret), .required("bucket_name"),
    .optional("port", .integer), .optional("maximum_chunk_size_mb", .number), .optional("signature_version"),
  ]

  private static let googleCloud: [Parameter] = [
    .required("storage_path"), .required("access_key", .secret), .required("secret_key", .secret),
    .required("bucket_name"), .optional("boto_timeout", .number), .optional("minimum_chunk_size_mb", .number),
    .optional("signature_version"), .optional("endpoint_url"),
  ]

  private static let azure: [Parameter] = [
    .required("azure_container"), .required("storage_path"), .required("azure_account_name"),
    .optional("azure_account_key", .secret), .optional("sas_token", .secret), .optional("endpoint_url"),
    .optional("ca_bundle_path"),
  ]

  private static let openStackSwift: [Parameter] = [
    .required("swift_container"), .required("storage_path"), .required("auth_url"), .required("swift_user"),
    .required("swift_password", .secret), .optional("auth_version"), .optional("os_options", .any),
    .optional("ca_cert_path"), .optional("temp_url_key", .secret), .optional("simple_path_concat", .boolean),
    .optional("connect_timeout", .integer), .optional("retry_count", .integer),
    .optional("retry_on_ratelimit", .boolean),
  ]
}
