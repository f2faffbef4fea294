import Shared
import Testing

@Suite("Wrong configurations are refused by key and value")
struct ConfigurationRefusalTests {
  private typealias Fixture = ConfigurationFixtures

  @Test(arguments: [
    ("DISABLE_PUSHES", "yes", "must be true or false, not 'yes'"),
    ("DISABLE_PUSHES", "on", "must be true or false, not 'on'"),
    ("DISABLE_PUSHES", "1", "must be true or false, not '1'"),
    ("DISABLE_PUSHES", "'true'", "must be true or false, not the text 'true'"),
    ("DISABLE_PUSHES", "[true]", "must be true or false, not a list"),
    ("REGISTRY_STATE", "frozen", "'frozen' must be normal or readonly"),
    ("PREFERRED_URL_SCHEME", "ftp", "'ftp' must be http or https"),
    ("SERVER_HOSTNAME", "https://a.example", "must be HOST or HOST:PORT"),
    ("SERVER_HOSTNAME", "a.example/path", "must be HOST or HOST:PORT"),
    ("SERVER_HOSTNAME", "a.example:99999", "must be HOST or HOST:PORT"),
    ("REGION_HOSTNAMES", "[a.example, 'b c']", "'b c' must be HOST"),
    ("MAXIMUM_LAYER_SIZE", "20", "'20' must be a number and K, M, G or T"),
    ("MAXIMUM_LAYER_SIZE", "99999999999999999999G", "must be a number"),
    ("MAXIMUM_LAYER_SIZE", "9999999999999T", "must be a number"),
    ("MAXIMUM_LAYER_SIZE", "-1G", "must be a number"),
    ("MAXIMUM_LAYER_SIZE", "0G", "must be a number"),
    ("AUTHENTICATION_TYPE", "LDAP", "LDAP is not available"),
    ("AUTHENTICATION_TYPE", "Magic", "'Magic' must be Database or None"),
    ("SUPER_USERS", "admin", "must be a list"),
    ("SUPER_USERS", "[a b c]", "is no user name"),
    ("SUPER_USERS", "[[x]]", "must be a list of text"),
    ("BUILDLOGS_REDIS", "{host: r, port: 0x18EB}", "must be a whole number from 1 to 65535, not '0x18EB'"),
    ("BUILDLOGS_REDIS", "{host: r, port: '6379'}", "must be a whole number"),
    ("BUILDLOGS_REDIS", "{host: r, port: 06379}", "must be a whole number"),
    ("BUILDLOGS_REDIS", "{host: r, port: 6.4e3}", "must be a whole number"),
    ("BUILDLOGS_REDIS", "{host: r, port: 65536}", "must be a whole number"),
    ("BUILDLOGS_REDIS", "{host: r, ssl: true}", "TLS to Redis is not available yet"),
    ("BUILDLOGS_REDIS", "{port: 1}", "BUILDLOGS_REDIS.host is missing"),
    ("BUILDLOGS_REDIS", "{host: 'redis://r'}", "must be a host name"),
    ("BUILDLOGS_REDIS", "{host: r, pasword: x}", "did you mean password?"),
    ("BUILDLOGS_REDIS", "redis.example.com", "must be a map of keys"),
    ("USER_EVENTS_REDIS", "{host: r, ssl: true}", "TLS to Redis is not available yet"),
    ("DB_URI", "sqlite:///quay.db", "SQLite is not available yet"),
    ("DB_URI", "mysql+pymysql://u:topsecret@h/db", "'mysql+pymysql' is not a database"),
    ("DB_URI", "host=localhost password=topsecret", "must be postgresql://"),
    ("DB_URI", "postgresql://u:topsecret with blank@h/db", "percent-encode"),
    ("DB_URI", "postgresql://u:topsecret#1@h/db", "%23"),
    ("DB_CONNECTION_ARGS", "{sslmod: require}", "did you mean sslmode?"),
    ("REGIONS", "{us: {location: mars}}", "'mars' is not a location"),
    ("REGIONS", "{US: {location: us}}", "is no region name"),
    ("REGIONS", "{us: {location: us, api: us.example}}", "must be http://HOST"),
    ("REGIONS", "{us: {}}", "REGIONS.us.location is missing"),
    ("REPLICATION_BANDWIDTH_LIMITS", "{mars: 50MB/s}", "'mars' is not a location of DISTRIBUTED_STORAGE_CONFIG"),
    ("REPLICATION_BANDWIDTH_LIMITS", "{us: fast}", "REPLICATION_BANDWIDTH_LIMITS.us (line "),
    ("REPLICATION_BANDWIDTH_LIMITS", "{us: 50 MB/s}", "'50 MB/s' must be a rate from 64KiB/s to 100GB/s"),
    ("REPLICATION_BANDWIDTH_LIMITS", "{us: 1000}", "for example 50MB/s"),
    ("REPLICATION_BANDWIDTH_LIMITS", "{us: [1]}", "must be text, not a list"),
    ("REPLICATION_BANDWIDTH_LIMITS", "50MB/s", "must be a map of keys"),
    (
      "DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS", "[us, mars]",
      "'mars' is not a location of DISTRIBUTED_STORAGE_CONFIG, which has us, eu"
    ),
    ("DISTRIBUTED_STORAGE_PREFERENCE", "[us, us]", "'us' is listed twice"),
    ("DISTRIBUTED_STORAGE_PREFERENCE", "us", "must be a list"),
    ("DISTRIBUTED_STORAGE_CONFIG", "{}", "must hold at least one location"),
    ("DISTRIBUTED_STORAGE_CONFIG", "[]", "must be a map of keys"),
  ])
  func oneLineNamesKeyAndValue(_ key: String, _ value: String, _ expected: String) throws {
    let reason = try #require(Fixture.refusal([key: value]), "\(key): \(value) was accepted")
    #expect(reason.contains(key) && reason.contains(expected), "\(reason)")
    #expect(reason.contains("(line ") || reason.contains("is missing"), "\(reason)")
    #expect(!reason.contains("\n") && !reason.contains("topsecret"), "\(reason)")
  }

  @Test func replicationNeedsAPreference() {
    let on = ["FEATURE_STORAGE_REPLICATION": "true"]
    #expect(Fixture.refusal(on)?.contains("names no location") == true)
    #expect(
      Fixture.refusal(on.merging(["DISTRIBUTED_STORAGE_PREFERENCE": "[]"]) { $1 })?.contains("names no location")
        == true)
    let set = on.merging(["DISTRIBUTED_STORAGE_PREFERENCE": "[us]"]) { $1 }
    #expect(Fixture.refusal(set) == nil)
    #expect(Fixture.refusal(set, ["QUAY_DISTRIBUTED_STORAGE_PREFERENCE": " "])?.contains("names no location") == true)
  }

  @Test func localStorageReplicatesOnOneMachineOnly() throws {
    let local = "{a: [LocalStorage, {storage_path: /a}], b: [LocalStorage, {storage_path: /b}]}"
    let mixed = "{a: [LocalStorage, {storage_path: /a}], b: [S3Storage, {storage_path: /, s3_bucket: b}]}"
    let on = ["FEATURE_STORAGE_REPLICATION": "true", "DISTRIBUTED_STORAGE_PREFERENCE": "[a]"]
    func refusal(_ table: String, _ more: [String: String] = [:]) -> String? {
      Fixture.refusal(on.merging(["DISTRIBUTED_STORAGE_CONFIG": table]) { $1 }.merging(more) { $1 })
    }
    #expect(refusal(local)?.contains("ALLOW_LOCAL_REPLICATION") == true)
    #expect(refusal(local, ["ALLOW_LOCAL_REPLICATION": "true"]) == nil)
    #expect(refusal(mixed, ["ALLOW_LOCAL_REPLICATION": "true"])?.contains("beside other engines") == true)
    #expect(refusal(mixed, ["FEATURE_STORAGE_REPLICATION": "false"]) == nil)
  }

  @Test(arguments: ["password", "changeme", "tiny7", "aaaaaaaaaaaaaaaaaaaa", "ADMINADMIN", "''"])
  func weakSecretsAreRefused(_ value: String) throws {
    for key in ["SUPERUSER_PASSWORD", "SECRET_KEY", "DATABASE_SECRET_KEY"] {
      let reason = try #require(Fixture.refusal([key: value]))
      #expect(reason.hasPrefix(key) && (value == "''" || !reason.contains(value)), "\(reason)")
      #expect(Fixture.refusal([key: value, "AUTHENTICATION_TYPE": "None"]) == nil, "nothing is protected anyway")
    }
  }

  @Test func noAuthenticationIsOnlyByItsName() throws {
    #expect(try Fixture.load(["AUTHENTICATION_TYPE": "None"]).authentication == .none)
    #expect(try Fixture.load(["AUTHENTICATION_TYPE": "null"]).authentication == .superusers)
    #expect(try Fixture.load(["AUTHENTICATION_TYPE": "Database"]).authentication == .superusers)
    #expect(try Fixture.load().authentication == .superusers)
  }

  @Test(arguments: [
    ("FEATURE_STORAGE_REPLICATON", "FEATURE_STORAGE_REPLICATION"),
    ("DISTRIBUTED_STORAGE_PREFERENCES", "DISTRIBUTED_STORAGE_PREFERENCE"),
    ("DISTRIBUTED_STORAGE_DEFAULT_LOCATION", "DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS"),
    ("feature_proxy_storage", "FEATURE_PROXY_STORAGE"),
    ("SUPERUSERS", "SUPER_USERS"), ("DB_URL", "DB_URI"), ("REGISTRY_TITEL", "REGISTRY_TITLE"),
    ("SERVER_HOST_NAME", "SERVER_HOSTNAME"),
  ])
  func misspeltKeysAreNamedWithASuggestion(_ key: String, _ meant: String) {
    let yaml = Fixture.yaml() + "\n\(key): x"
    #expect(
      Fixture.refusal(yaml)?.hasSuffix("is not a key; did you mean \(meant)?") == true, "\(Fixture.refusal(yaml) ?? "")"
    )
  }

  @Test func unknownKeysMayBeListedAsIgnored() throws {
    let yaml = Fixture.yaml() + "\nSOMETHING_ELSE_ENTIRELY: x"
    #expect(Fixture.refusal(yaml)?.contains("neither a key of Quay nor of Meridian") == true)
    let notices = try Fixture.load(yaml + "\nIGNORED_KEYS: [SOMETHING_ELSE_ENTIRELY]").notices
    #expect(notices.contains(.ignoredKey("SOMETHING_ELSE_ENTIRELY")))
  }

  @Test func connectionArgumentsStandInOnePlace() {
    let uri = "postgresql://u:topsecret@h/db?sslmode=require"
    let reason = Fixture.refusal(["DB_URI": uri, "DB_CONNECTION_ARGS": "{sslmode: verify-full}"])
    #expect(reason?.contains("has sslmode as DB_CONNECTION_ARGS has") == true)
    #expect(reason?.contains("topsecret") == false)
  }
}
