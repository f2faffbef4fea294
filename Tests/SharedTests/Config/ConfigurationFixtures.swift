import Shared

/// Configuration files for tests.
enum ConfigurationFixtures {
  /// A Quay `config.yaml` for geo-replication over two Google Cloud Storage buckets, as Quay's own installer writes it.
  static let quayGeoReplication = """
    ALLOW_PULLS_WITHOUT_STRICT_LOGGING: false
    AUTHENTICATION_TYPE: Database
    AVATAR_KIND: local
    BUILDLOGS_REDIS:
        host: redis.example.com
        password: 0123
        port: 6379
    CREATE_NAMESPACE_ON_PUSH: true
    DATABASE_SECRET_KEY: 4d7e9a6c-27dc-4a8f-8a38-0c2e0a5a6b11
    DB_CONNECTION_ARGS:
        autorollback: true
        threadlocals: true
    DB_URI: postgresql://quayuser:s3cr3t%40pw@quay-db.example.com:5432/quay
    DEFAULT_TAG_EXPIRATION: 2w
    DISTRIBUTED_STORAGE_CONFIG:
        usstorage:
            - GoogleCloudStorage
            - access_key: GOOGUSACCESSKEY
              bucket_name: georep-test-bucket-0
              secret_key: us-secret-value
              storage_path: /datastorage/registry
        eustorage:
            - GoogleCloudStorage
            - access_key: GOOGEUACCESSKEY
              bucket_name: georep-test-bucket-1
              secret_key: eu-secret-value
              storage_path: /datastorage/registry
    DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS:
        - usstorage
        - eustorage
    DISTRIBUTED_STORAGE_PREFERENCE:
        - usstorage
        - eustorage
    ENTERPRISE_LOGO_URL: /static/img/quay-horizontal-color.svg
    FEATURE_ANONYMOUS_ACCESS: true
    FEATURE_BUILD_SUPPORT: false
    FEATURE_MAILING: false
    FEATURE_STORAGE_REPLICATION: true
    MYCOMPANY_LOGIN_CONFIG:
        CLIENT_ID: abc
    PREFERRED_URL_SCHEME: https
    REGISTRY_TITLE: Example
    SECRET_KEY: 8c0a4f39-0a8c-4d5c-9e55-2b6f3a0d7d10
    SERVER_HOSTNAME: quay.example.com
    SETUP_COMPLETE: true
    SUPER_USERS:
        - quayadmin
    TAG_EXPIRATION_OPTIONS:
        - 0s
        - 2w
    USER_EVENTS_REDIS:
        host: redis.example.com
        password: 0123
        port: 6379
    """

  /// The keys every configuration needs but storage, each of which a test may replace.
  static let base: [String: String] = [
    "SERVER_HOSTNAME": "registry.example.com",
    "PREFERRED_URL_SCHEME": "https",
    "DB_URI": "postgresql://meridian:pw-of-db@db1.example.com:5432/meridian",
    "BUILDLOGS_REDIS": "{host: redis.example.com}",
    "SECRET_KEY": "a-long-enough-key-for-tests",
    "SUPER_USERS": "[admin]",
    "SUPERUSER_PASSWORD": "correct horse battery",
    "DISTRIBUTED_STORAGE_CONFIG": """

      us: [S3Storage, {storage_path: /registry, s3_bucket: us-bucket, s3_region: us-east-2, s3_access_key: AK, s3_secret_key: SK}]
      eu: [RadosGWStorage, {hostname: ceph.example.com, is_secure: false, port: 7480, storage_path: /registry, access_key: AK, secret_key: SK, bucket_name: eu-bucket}]
    """,
  ]

  /// A file of the base keys with changes; nil leaves a key out.
  static func yaml(_ changes: [String: String?] = [:]) -> String {
    var keys = base
    for (key, value) in changes { keys[key] = value }
    return keys.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n")
  }

  static func load(
    _ yaml: String, _ environment: [String: String] = [:]
  ) throws(ConfigurationError) -> (configuration: Configuration, notices: [ConfigurationNotice]) {
    let (configuration, notices) = try Configuration.load(yaml: Array(yaml.utf8), environment: environment)
    return (configuration, notices)
  }

  static func load(
    _ changes: [String: String?] = [:], _ environment: [String: String] = [:]
  ) throws(ConfigurationError) -> Configuration {
    try load(yaml(changes), environment).configuration
  }

  /// The one line a configuration is refused with, nil where it is accepted.
  static func refusal(_ yaml: String, _ environment: [String: String] = [:]) -> String? {
    do throws(ConfigurationError) {
      _ = try load(yaml, environment)
      return nil
    } catch {
      return error.description
    }
  }

  static func refusal(_ changes: [String: String?], _ environment: [String: String] = [:]) -> String? {
    refusal(yaml(changes), environment)
  }
}

extension ConfigurationFixtures {
  /// The fingerprint of the base configuration, as the first version computes it.
  static let expectedBaseFingerprint = "v1-346645f43e688afd8aabdf5d7fad962e56c62986d4f5d51ac6257b021569f80e"
}
