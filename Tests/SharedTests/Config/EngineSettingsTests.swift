import Shared
import Testing

@Suite("Engines take exactly Quay's parameters")
struct EngineSettingsTests {
  private typealias Fixture = ConfigurationFixtures

  private func engine(_ name: String, _ parameters: String) throws(ConfigurationError) -> EngineSettings? {
    try Fixture.load(["DISTRIBUTED_STORAGE_CONFIG": "{x: [\(name), {\(parameters)}]}"]).locations.first?.engine
  }

  private func s3(_ name: String, _ parameters: String) throws -> S3Settings {
    guard case .s3(let settings)? = try engine(name, parameters) else {
      throw ConfigurationError.missing(key: name, hint: "")
    }
    return settings
  }

  private func refusal(_ name: String, _ parameters: String) -> String? {
    Fixture.refusal(["DISTRIBUTED_STORAGE_CONFIG": "{x: [\(name), {\(parameters)}]}"])
  }

  private static let rados =
    "hostname: h, is_secure: true, storage_path: /r, access_key: AK, secret_key: topsecret, bucket_name: b"

  @Test func amazonByRegion() throws {
    let settings = try s3("S3Storage", "storage_path: /registry, s3_bucket: b-1, s3_region: eu-west-1")
    #expect(settings.endpoint.description == "https://s3.eu-west-1.amazonaws.com" && settings.region == "eu-west-1")
    #expect(!settings.pathStyle && settings.serverSideEncryption && settings.accessKey == nil)
    #expect(settings.minimumChunkSizeBytes == 5 << 20 && settings.maximumChunkSizeBytes == 5 << 30)
    #expect(settings.storagePath.prefix == "registry/")
    #expect(try s3("S3Storage", "storage_path: /, s3_bucket: a.b").pathStyle)
    #expect(
      try s3("S3Storage", "storage_path: /, s3_bucket: ab, s3_region: cn-north-1").endpoint.host
        == "s3.cn-north-1.amazonaws.com.cn")
    let host = try s3("S3Storage", "storage_path: /, s3_bucket: ab, host: s3.us-west-2.amazonaws.com")
    #expect(host.region == "us-west-2" && host.endpoint.port == 443)
  }

  @Test func anyStoreByEndpoint() throws {
    let settings = try s3(
      "S3Storage",
      "storage_path: /, s3_bucket: b, endpoint_url: 'http://127.0.0.1:9000/', s3_region: eu, s3_access_key: AK, s3_secret_key: SK, "
        + "aws_session_token: T, maximum_chunk_size_gb: 0.5, minimum_chunk_size_mb: 8, server_side_encryption: false, ca_bundle_path: /ca"
    )
    #expect(settings.endpoint.description == "http://127.0.0.1:9000" && settings.pathStyle && settings.region == "eu")
    #expect(settings.sessionToken == Secret("T") && settings.secretKey == Secret("SK"))
    #expect(settings.maximumChunkSizeBytes == 1 << 29 && settings.minimumChunkSizeBytes == 8 << 20)
    #expect(!settings.serverSideEncryption && settings.caBundlePath == "/ca")
  }

  @Test(arguments: ["RadosGWStorage", "RHOCSStorage", "IBMCloudStorage"])
  func gateways(_ name: String) throws {
    let settings = try s3(name, Self.rados + ", port: 7480")
    #expect(settings.engineName == name && settings.endpoint.description == "https://h:7480")
    #expect(settings.region == "us-east-1" && settings.pathStyle && !settings.serverSideEncryption)
    #expect(settings.maximumChunkSizeBytes == 100 << 20)
    #expect(try s3(name, Self.rados.replacing("true", with: "false")).endpoint.description == "http://h")
  }

  @Test func googleCloud() throws {
    let written = "storage_path: /r, access_key: A, secret_key: S, bucket_name: b"
    let settings = try s3("GoogleCloudStorage", written)
    #expect(settings.endpoint.description == "https://storage.googleapis.com" && settings.region == "auto")
    #expect(settings.pathStyle && !settings.copiesParts && !settings.serverSideEncryption)
    #expect(settings.silenceSeconds == 60 && settings.minimumChunkSizeBytes == 5 << 20)
    #expect(settings.maximumChunkSizeBytes == 5 << 30)
    let other = try s3("GoogleCloudStorage", written + ", boto_timeout: 30, endpoint_url: 'http://127.0.0.1:1'")
    #expect(other.silenceSeconds == 30 && other.endpoint.description == "http://127.0.0.1:1")
  }

  @Test func roles() throws {
    let settings = try s3(
      "STSS3Storage",
      "storage_path: /r, s3_bucket: b, sts_role_arn: arn, sts_user_access_key: A, sts_user_secret_key: S, "
        + "s3_region: eu-west-1")
    #expect(settings.engineName == "STSS3Storage" && settings.region == "eu-west-1" && settings.accessKey == nil)
    #expect(settings.role == RoleSettings(roleARN: "arn", accessKey: Secret("A"), secretKey: Secret("S")))
    let identity = try s3(
      "STSS3Storage",
      "storage_path: /r, s3_bucket: b, sts_user_access_key: '', sts_endpoint_url: 'https://sts.example.com'")
    #expect(identity.role?.accessKey == nil && identity.role?.roleARN == nil)
    #expect(identity.role?.endpoint?.description == "https://sts.example.com")
  }

  @Test func distributions() throws {
    let written =
      "storage_path: /r, s3_bucket: b, cloudfront_distribution_domain: d.cloudfront.net, cloudfront_key_id: K, "
    let settings = try s3("CloudFrontedS3Storage", written + "cloudfront_privatekey_filename: /keys/cf.pem")
    #expect(settings.engineName == "CloudFrontedS3Storage")
    #expect(
      settings.distribution
        == DistributionSettings(domain: "d.cloudfront.net", keyID: Secret("K"), privateKeyPath: "/keys/cf.pem"))
    let overrides = try s3(
      "CloudFrontedS3Storage",
      written + "cloudfront_privatekey_filename: cf.pem, cloudfront_distribution_org_overrides: {o: e.cloudfront.net}")
    #expect(overrides.distribution?.hasOverrides == true && overrides.distribution?.privateKeyPath == "cf.pem")
  }

  @Test func gatewayOptions() throws {
    let settings = try s3(
      "RadosGWStorage", Self.rados + ", region_name: zone1, maximum_chunk_size_mb: 50, server_side_assembly: true")
    #expect(settings.region == "zone1" && settings.maximumChunkSizeBytes == 50 << 20)
  }

  @Test func localFolders() throws {
    #expect(
      try engine("LocalStorage", "storage_path: /var/lib/meridian")
        == .local(LocalSettings(rootPath: "/var/lib/meridian")))
    #expect(refusal("LocalStorage", "storage_path: relative")?.contains("absolute") == true)
    #expect(refusal("LocalStorage", "storage_path: /a/../b")?.contains("..") == true)
  }

  @Test(arguments: [
    ("CloudFlareStorage", "storage_path: /r, s3_bucket: b, cloudflare_domain: d, cloudflare_privatekey_filename: f"),
    ("AkamaiS3Storage", "storage_path: /r, s3_bucket: b, akamai_domain: d, akamai_shared_secret: s"),
    ("MultiCDNStorage", "storage_config: {}, providers: {}, default_provider: p, rules: []"),
  ])
  func laterEnginesParse(_ name: String, _ parameters: String) throws {
    let settings = try #require(try engine(name, parameters))
    #expect(settings.engineName == name && !settings.isAvailable)
    guard case .other(_, let values) = settings else { return }
    #expect(
      !values.values.keys.contains { $0.contains("secret") || $0.contains("password") || $0.contains("sas_token") })
  }

  @Test(arguments: [
    ("RadosGWStorage", rados + ", bucketname: b", "is not a key; did you mean bucket_name?"),
    ("RadosGWStorage", rados + ", something: b", "did you mean one of hostname"),
    ("RadosGWStorage", rados + ", port: https", "must be a whole number"),
    ("RadosGWStorage", rados + ", port: 0", "must be a whole number from 1"),
    ("RadosGWStorage", rados + ", signature_version: s3", "signed with s3v4"),
    ("RadosGWStorage", rados.replacing("is_secure: true", with: "is_secure: yes"), "must be true or false, not 'yes'"),
    ("RadosGWStorage", rados.replacing("hostname: h", with: "hostname: 'http://h'"), "without scheme"),
    ("RadosGWStorage", rados.replacing("bucket_name: b", with: "bucket_name: 'b/c'"), "not the name of a bucket"),
    ("RadosGWStorage", rados.replacing("storage_path: /r", with: "storage_path: /a/../b"), "without '..'"),
    ("RadosGWStorage", rados.replacing(", bucket_name: b", with: ""), "bucket_name is missing"),
    ("RadosGWStorage", rados.replacing("secret_key: topsecret", with: "secret_key: ''"), "must not be empty"),
    (
      "RadosGWStorage", rados.replacing("secret_key: topsecret", with: "secret_key: [topsecret]"),
      "must be text, not a list"
    ),
    ("RadosGWStorage", rados + ", maximum_chunk_size_mb: 1", "must not be less than"),
    ("RadosGWStorage", rados + ", minimum_chunk_size_mb: 1", "from 5 to 5120"),
    ("RadosGWStorage", rados + ", maximum_chunk_size_mb: 1e999", "must be a positive number"),
    ("RadosGWStorage", rados + ", public_endpoint: localhost:9000", "must be http://HOST"),
    ("RadosGWStorage", rados + ", public_endpoint: 'http://localhost:9000/path'", "must be http://HOST"),
    ("S3Storage", "storage_path: /, s3_bucket: b, s3_access_key: topsecret", "needs the other"),
    ("S3Storage", "storage_path: /, s3_bucket: b, maximum_chunk_size_gb: 6", "largest part of S3"),
    (
      "S3Storage", "storage_path: /, s3_bucket: b, s3_access_key: A, s3_secret_key: topsecret, credentials_file: /c",
      "give one of them"
    ),
    ("STSS3Storage", "storage_path: /, s3_bucket: b, sts_user_secret_key: topsecret", "needs the other"),
    ("STSS3Storage", "storage_path: /, s3_bucket: b, sts_endpoint_url: sts.example.com", "must be http://HOST"),
    (
      "CloudFrontedS3Storage",
      "storage_path: /, s3_bucket: b, cloudfront_distribution_domain: 'https://d', cloudfront_key_id: k, "
        + "cloudfront_privatekey_filename: f", "without scheme"
    ),
    (
      "GoogleCloudStorage", "storage_path: /, bucket_name: b, access_key: A, secret_key: S, boto_timeout: 0.2",
      "from 1 to 3600"
    ),
    ("S3Storage", "storage_path: /, s3_bucket: b, s3_region: 'a b'", "not the name of a store's region"),
    ("S3Storage", "storage_path: /, s3_bucket: b, host: 'https://h'", "without scheme"),
    ("S3Storge", "storage_path: /, s3_bucket: b", "is not a storage engine; did you mean S3Storage?"),
    ("FakeStorage", "a: b", "is not a storage engine"),
    (
      "GoogleCloudStorage", "storage_path: /, bucket_name: b, access_key: A",
      "secret_key is missing; GoogleCloudStorage needs it"
    ),
  ])
  func wrongParametersAreRefused(_ name: String, _ parameters: String, _ expected: String) throws {
    let reason = try #require(refusal(name, parameters), "\(parameters) was accepted")
    #expect(reason.contains(expected) && reason.contains("DISTRIBUTED_STORAGE_CONFIG.x"), "\(reason)")
    #expect(!reason.contains("topsecret") && !reason.contains("\n"))
  }

  @Test(arguments: [
    "{x: S3Storage}", "{x: []}", "{x: {S3Storage: {}}}", "{x: [S3Storage, a]}", "{x: [S3Storage, {}, {}]}",
    "{'a b': [LocalStorage, {storage_path: /a}]}",
  ])
  func malformedEntriesAreRefused(_ table: String) {
    #expect(Fixture.refusal(["DISTRIBUTED_STORAGE_CONFIG": table])?.contains("DISTRIBUTED_STORAGE_CONFIG.") == true)
  }

  @Test func publicEndpointsAreForEveryEngine() throws {
    let table = "{a: [LocalStorage, {storage_path: /a, public_endpoint: 'http://Localhost:9000/'}]}"
    #expect(
      try Fixture.load(["DISTRIBUTED_STORAGE_CONFIG": table]).locations.first?.publicEndpoint == "http://Localhost:9000"
    )
  }

  @Test func endpoints() {
    #expect(StoreEndpoint(parsing: "https://[::1]:9000")?.host == "[::1]")
    #expect(StoreEndpoint(parsing: "https://h:443")?.description == "https://h")
    #expect(StoreEndpoint(scheme: "https", host: "h:80", port: 81) == nil)
    for text in [
      "", "h", "ftp://h", "http://", "http://u@h", "http://h:", "http://h:0", "http://h:65536", "http://h?x",
      "http://h#x", "http://h/p", "http://[::1", "http://h:1:2", "http://h h",
    ] {
      #expect(StoreEndpoint(parsing: text) == nil, "\(text)")
    }
  }
}
