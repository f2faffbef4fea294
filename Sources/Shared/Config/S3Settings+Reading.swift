import SharedModel

extension S3Settings {
  /// Reads `S3Storage` as Quay does (storage/cloud.py): `endpoint_url`, else `host` over https, else AWS by region.
  ///
  /// Unlike Quay, an endpoint that is written is used even where `s3_region` is written too: that then only signs.
  init(amazon section: ConfigurationSection, engineName: String) throws(ConfigurationError) {
    let writtenRegion = try Self.region("s3_region", section)
    let endpoint: StoreEndpoint
    if let written = try Self.url("endpoint_url", section) {
      endpoint = written
    } else if let host = try section.text("host"), !host.isEmpty {
      let port = try Self.port(section)
      endpoint = try Self.endpoint(host: host, key: "host", port: port, isSecure: port != 80, section)
    } else {
      let region = writtenRegion ?? "us-east-1"
      let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
      endpoint = try Self.endpoint(host: "s3.\(region).\(domain)", key: "s3_region", port: nil, isSecure: true, section)
    }
    let (accessKey, secretKey) = try Self.keys("s3_access_key", "s3_secret_key", section)
    let bucket = try Self.bucket("s3_bucket", section)
    let isAmazon = endpoint.host.hasSuffix(".amazonaws.com") || endpoint.host.hasSuffix(".amazonaws.com.cn")
    try Self.checkSignatureVersion(section)
    self.init(
      engineName: engineName, endpoint: endpoint,
      region: writtenRegion ?? Self.regionOfAmazonHost(endpoint.host) ?? "us-east-1", bucket: bucket,
      storagePath: try Self.storagePath(section), accessKey: accessKey, secretKey: secretKey,
      sessionToken: try section.secret("aws_session_token"),
      // A dot in the bucket's name breaks the store's wildcard certificate.
      pathStyle: !isAmazon || bucket.contains(".") || bucket.contains("_"),
      minimumChunkSizeBytes: try Self.minimumChunk(section),
      maximumChunkSizeBytes: try Self.maximumChunk(
        "maximum_chunk_size_gb", unitBytes: 1 << 30, default: 5 << 30, section),
      caBundlePath: try section.text("ca_bundle_path"),
      serverSideEncryption: try section.boolean("server_side_encryption") ?? true)
    credentialsFile = try section.text("credentials_file")
    if credentialsFile != nil, accessKey != nil {
      throw section.invalid("credentials_file", nil, "cannot stand beside s3_access_key: give one of them")
    }
  }

  /// Reads `STSS3Storage`: an Amazon bucket whose credentials are those of a role.
  ///
  /// Without user keys the role is assumed by a web identity's token, or with the environment's credentials.
  init(securityToken section: ConfigurationSection) throws(ConfigurationError) {
    try self.init(amazon: section, engineName: "STSS3Storage")
    let (accessKey, secretKey) = try Self.keys("sts_user_access_key", "sts_user_secret_key", section)
    role = RoleSettings(
      roleARN: try section.text("sts_role_arn").flatMap { $0.isEmpty ? nil : $0 }, accessKey: accessKey,
      secretKey: secretKey, endpoint: try Self.url("sts_endpoint_url", section))
  }

  /// Reads `CloudFrontedS3Storage`; `folder` is where a relative key file is looked for, as in Quay's volume.
  init(cloudFronted section: ConfigurationSection, folder: String) throws(ConfigurationError) {
    try self.init(amazon: section, engineName: "CloudFrontedS3Storage")
    let domain = try section.text("cloudfront_distribution_domain") ?? ""
    guard let host = StoreEndpoint(scheme: "https", host: domain), host.isDefaultPort else {
      throw section.invalid("cloudfront_distribution_domain", domain, "must be a host name without scheme and path")
    }
    let path = try section.text("cloudfront_privatekey_filename") ?? ""
    let isRelative = !path.hasPrefix("/") && !folder.isEmpty
    distribution = DistributionSettings(
      domain: host.host, keyID: try section.secret("cloudfront_key_id") ?? Secret(""),
      privateKeyPath: isRelative ? "\(folder)/\(path)" : path,
      hasOverrides: section.value("cloudfront_distribution_org_overrides") != nil)
  }

  /// Reads `GoogleCloudStorage`: HMAC keys at the XML API, which takes Amazon's signatures for any region.
  ///
  /// https://cloud.google.com/storage/docs/aws-simple-migration
  init(google section: ConfigurationSection) throws(ConfigurationError) {
    let usual = try Self.endpoint(
      host: "storage.googleapis.com", key: "endpoint_url", port: nil, isSecure: true, section)
    try Self.checkSignatureVersion(section)
    let timeout = try section.sizeBytes("boto_timeout", unitBytes: 1) ?? 60
    guard (1...3_600).contains(timeout) else {
      throw section.invalid("boto_timeout", nil, "must be from 1 to 3600 seconds")
    }
    self.init(
      engineName: "GoogleCloudStorage", endpoint: try Self.url("endpoint_url", section) ?? usual, region: "auto",
      bucket: try Self.bucket("bucket_name", section), storagePath: try Self.storagePath(section),
      accessKey: try section.secret("access_key"), secretKey: try section.secret("secret_key"), pathStyle: true,
      minimumChunkSizeBytes: try Self.minimumChunk(section), maximumChunkSizeBytes: 5 << 30,
      caBundlePath: try section.text("ca_bundle_path"),
      serverSideEncryption: try section.boolean("server_side_encryption") ?? false)
    copiesParts = false
    silenceSeconds = timeout
  }

  /// Reads `RadosGWStorage`, `RHOCSStorage` and `IBMCloudStorage`: a host, always addressed by path.
  init(gateway section: ConfigurationSection, engineName: String) throws(ConfigurationError) {
    let endpoint = try Self.endpoint(
      host: try section.text("hostname") ?? "", key: "hostname", port: try Self.port(section),
      isSecure: try section.boolean("is_secure") ?? true, section)
    try Self.checkSignatureVersion(section)
    self.init(
      engineName: engineName, endpoint: endpoint, region: try Self.region("region_name", section) ?? "us-east-1",
      bucket: try Self.bucket("bucket_name", section), storagePath: try Self.storagePath(section),
      accessKey: try section.secret("access_key"), secretKey: try section.secret("secret_key"), pathStyle: true,
      minimumChunkSizeBytes: try Self.minimumChunk(section),
      maximumChunkSizeBytes: try Self.maximumChunk(
        "maximum_chunk_size_mb", unitBytes: 1 << 20, default: 100 << 20, section),
      caBundlePath: try section.text("ca_bundle_path"),
      serverSideEncryption: try section.boolean("server_side_encryption") ?? false)
  }
}

// MARK: - Single parameters

extension S3Settings {
  /// Two keys of which the one is nothing without the other; empty ones count as absent, as in Quay.
  private static func keys(
    _ access: String, _ secret: String, _ section: ConfigurationSection
  ) throws(ConfigurationError) -> (Secret?, Secret?) {
    let accessKey = try section.secret(access).flatMap { $0.revealed.isEmpty ? nil : $0 }
    let secretKey = try section.secret(secret).flatMap { $0.revealed.isEmpty ? nil : $0 }
    guard (accessKey == nil) == (secretKey == nil) else {
      throw section.invalid(accessKey == nil ? secret : access, nil, "needs the other of \(access) and \(secret)")
    }
    return (accessKey, secretKey)
  }

  private static func url(_ key: String, _ section: ConfigurationSection) throws(ConfigurationError) -> StoreEndpoint? {
    guard let url = try section.text(key), !url.isEmpty else { return nil }
    guard let endpoint = StoreEndpoint(parsing: url) else {
      throw section.invalid(key, url, "must be http://HOST[:PORT] or https://HOST[:PORT]")
    }
    return endpoint
  }

  private static func endpoint(
    host: String, key: String, port: Int?, isSecure: Bool, _ section: ConfigurationSection
  ) throws(ConfigurationError) -> StoreEndpoint {
    guard let endpoint = StoreEndpoint(scheme: isSecure ? "https" : "http", host: host, port: port) else {
      throw section.invalid(key, host, "must be a host name without scheme and path")
    }
    return endpoint
  }

  private static func port(_ section: ConfigurationSection) throws(ConfigurationError) -> Int? {
    try section.integer("port", in: 1...65535).map { Int($0) }
  }

  private static func region(_ key: String, _ section: ConfigurationSection) throws(ConfigurationError) -> String? {
    guard let region = try section.text(key), !region.isEmpty else { return nil }
    guard region.utf8.count <= 64, region.utf8.allSatisfy({ $0.isWord || $0 == UInt8(ascii: "-") }) else {
      throw section.invalid(key, region, "is not the name of a store's region")
    }
    return region
  }

  private static func bucket(_ key: String, _ section: ConfigurationSection) throws(ConfigurationError) -> String {
    let bucket = try section.text(key) ?? ""
    guard (1...255).contains(bucket.utf8.count), bucket != ".", bucket != "..",
      bucket.utf8.allSatisfy({ $0.isWord || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
    else { throw section.invalid(key, bucket, "is not the name of a bucket") }
    return bucket
  }

  private static func storagePath(_ section: ConfigurationSection) throws(ConfigurationError) -> StoragePath {
    let text = try section.text("storage_path") ?? ""
    guard let path = StoragePath(text) else {
      throw section.invalid("storage_path", text, "must be printable ASCII without '..', at most 512 characters")
    }
    return path
  }

  private static func minimumChunk(_ section: ConfigurationSection) throws(ConfigurationError) -> Int64 {
    let size = try section.sizeBytes("minimum_chunk_size_mb", unitBytes: 1 << 20) ?? 5 << 20
    guard (5 << 20...5 << 30).contains(size) else {
      throw section.invalid(
        "minimum_chunk_size_mb", nil, "must be from 5 to 5120, as S3 takes no smaller or larger parts")
    }
    return size
  }

  private static func maximumChunk(
    _ key: String, unitBytes: Int64, default value: Int64, _ section: ConfigurationSection
  ) throws(ConfigurationError) -> Int64 {
    let size = try section.sizeBytes(key, unitBytes: unitBytes) ?? value
    guard size <= 5 << 30 else {
      throw section.invalid(key, nil, "must not be more than 5 GiB, the largest part of S3")
    }
    guard size >= 5 << 20, try size >= minimumChunk(section) || section.value(key) == nil else {
      throw section.invalid(key, nil, "must not be less than minimum_chunk_size_mb (5 MiB where that is not set)")
    }
    return max(size, try minimumChunk(section))
  }

  private static func checkSignatureVersion(_ section: ConfigurationSection) throws(ConfigurationError) {
    guard let version = try section.text("signature_version"), !["s3v4", "v4"].contains(version) else { return }
    throw section.invalid("signature_version", version, "is not available; requests are signed with s3v4")
  }

  /// `eu-west-1` of `s3.eu-west-1.amazonaws.com`.
  private static func regionOfAmazonHost(_ host: String) -> String? {
    let labels = host.split(separator: ".")
    guard labels.count >= 4, labels[0] == "s3", labels[2] == "amazonaws" else { return nil }
    return String(labels[1])
  }
}
