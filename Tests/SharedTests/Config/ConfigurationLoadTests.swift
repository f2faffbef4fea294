import Foundation
import Shared
import Testing

@Suite("A configuration is read whole or refused with one clear line")
struct ConfigurationLoadTests {
  private typealias Fixture = ConfigurationFixtures

  @Test func quaysOwnGeoReplicationFileParsesUnchanged() throws {
    let (configuration, notices) = try Fixture.load(Fixture.quayGeoReplication)
    #expect(configuration.locations.map(\.id.description) == ["eustorage", "usstorage"])
    #expect(
      configuration.locations.allSatisfy { $0.engine.engineName == "GoogleCloudStorage" && $0.engine.isAvailable })
    #expect(configuration.home.description == "usstorage")
    #expect(configuration.preference.map(\.description) == ["usstorage", "eustorage"])
    #expect(configuration.requiredLocations.map(\.description) == ["usstorage", "eustorage"])
    #expect(configuration.replicationEnabled && !configuration.proxyStorage)
    #expect(configuration.region.description == "usstorage")
    #expect(configuration.redis.password == Secret("0123"), "a number-like password keeps its zero")
    #expect(configuration.database.uri.revealed == "postgresql://quayuser:s3cr3t%40pw@quay-db.example.com:5432/quay")
    #expect(configuration.database.summary == "quayuser@quay-db.example.com:5432/quay")
    #expect(configuration.authentication == .superusers && configuration.superUsers == ["quayadmin"])
    #expect(configuration.limits.maximumLayerSizeBytes == 20 << 30)
    #expect(
      notices.contains(.unusedKey("FEATURE_BUILD_SUPPORT")) && notices.contains(.unusedKey("MYCOMPANY_LOGIN_CONFIG")))
    #expect(Set(notices).count == notices.count, "each is reported once")
    guard case .s3(let settings)? = configuration.locations.first?.engine else {
      Issue.record("no settings")
      return
    }
    #expect(settings.bucket == "georep-test-bucket-1")
    #expect(settings.secretKey == Secret("eu-secret-value"))
  }

  @Test func defaultsAreQuays() throws {
    let configuration = try Fixture.load(["PREFERRED_URL_SCHEME": nil])
    #expect(configuration.urlScheme == "http")
    #expect(!configuration.replicationEnabled && !configuration.proxyStorage && !configuration.pushesDisabled)
    #expect(configuration.registryState == .normal)
    #expect(configuration.requiredLocations.isEmpty)
    #expect(configuration.preference.map(\.description) == ["us", "eu"], "no preference: all, in the file's order")
    #expect(
      configuration.redis.port == 6379 && configuration.redis.database == 0 && configuration.redis.password == nil)
    #expect(configuration.database.poolSize == 8 && configuration.database.pipelineConnections == 2)
    #expect(configuration.limits.uploadSessionLifetime == .seconds(172_800))
    #expect(configuration.limits.presignLifetime <= .seconds(600))
    #expect(configuration.regions.isEmpty && configuration.regionHostnames.isEmpty)
  }

  @Test func everyKeyIsRead() throws {
    let configuration = try Fixture.load([
      "FEATURE_STORAGE_REPLICATION": "true", "FEATURE_PROXY_STORAGE": "True", "REGISTRY_STATE": "readonly",
      "DISABLE_PUSHES": "TRUE", "MAXIMUM_LAYER_SIZE": "100M", "DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS": "[eu, us]",
      "DISTRIBUTED_STORAGE_PREFERENCE": "[eu]", "REGION_HOSTNAMES": "[eu.example.com, '10.0.0.1:5000']",
      "BUILDLOGS_REDIS": "{host: r, port: 6380, username: u, password: 'p', db: 3, ssl: false}",
      "DB_READ_URI": "postgres://u@replica/meridian", "BLOBUPLOAD_DELETION_DATE_THRESHOLD": "60",
      "REGIONS": "{us: {location: us, api: 'http://us:8080/', health: 'http://us:8081'}, eu: {location: eu}}",
      "DB_CONNECTION_ARGS":
        "{sslmode: verify-full, sslrootcert: /etc/ca file.pem, max_connections: 12, threadlocals: true}",
    ])
    #expect(configuration.replicationEnabled && configuration.proxyStorage && configuration.pushesDisabled)
    #expect(configuration.registryState == .readonly)
    #expect(configuration.limits.maximumLayerSizeBytes == 100 << 20)
    #expect(configuration.limits.uploadSessionLifetime == .seconds(3600))
    #expect(configuration.requiredLocations.map(\.description) == ["eu", "us"])
    #expect(configuration.regionHostnames == ["eu.example.com", "10.0.0.1:5000"])
    #expect(configuration.redis.host == "r" && configuration.redis.port == 6380 && configuration.redis.database == 3)
    #expect(configuration.redis.username == "u" && configuration.redis.password == Secret("p"))
    #expect(configuration.regions.map(\.name.description) == ["eu", "us"])
    #expect(configuration.regions.last?.api == "http://us:8080" && configuration.regions.first?.api == nil)
    #expect(configuration.database.poolSize == 12)
    let arguments = "?sslmode=verify-full&sslrootcert=/etc/ca%20file.pem"
    #expect(
      configuration.database.uri.revealed == "postgresql://meridian:pw-of-db@db1.example.com:5432/meridian" + arguments)
    #expect(configuration.database.readURI?.revealed == "postgresql://u@replica/meridian" + arguments)
  }

  @Test func theEnvironmentDecidesThePreference() throws {
    let file = ["DISTRIBUTED_STORAGE_PREFERENCE": "[us, eu]"]
    func home(_ environment: [String: String]) throws -> [String] {
      try Fixture.load(file, environment).preference.map(\.description)
    }
    #expect(try home([:]) == ["us", "eu"])
    #expect(try home(["DISTRIBUTED_STORAGE_PREFERENCE": "eu us"]) == ["eu", "us"])
    #expect(
      try home(["QUAY_DISTRIBUTED_STORAGE_PREFERENCE": " eu\t\n", "DISTRIBUTED_STORAGE_PREFERENCE": "us"]) == ["eu"])
    #expect(
      Fixture.refusal(file, ["QUAY_DISTRIBUTED_STORAGE_PREFERENCE": "mars"])
        == "QUAY_DISTRIBUTED_STORAGE_PREFERENCE (from the environment): 'mars' is not a location of "
        + "DISTRIBUTED_STORAGE_CONFIG, which has us, eu")
  }

  @Test func theRegionIsNamedByTheEnvironmentOrTheHome() throws {
    #expect(try Fixture.load([:], ["REGION_NAME": "ap-1"]).region.description == "ap-1")
    #expect(Fixture.refusal([:], ["REGION_NAME": "Asia"])?.contains("REGION_NAME") == true)
    let locations = "{My_Store.1: [LocalStorage, {storage_path: /a}]}"
    #expect(try Fixture.load(["DISTRIBUTED_STORAGE_CONFIG": locations]).region.description == "my-store-1")
  }

  @Test func theOverrideReplacesKeysWhole() throws {
    let json =
      #"{"SERVER_HOSTNAME":"other.example.com","BUILDLOGS_REDIS":{"host":"r2","port":7000},"DISABLE_PUSHES":true}"#
    let configuration = try Fixture.load(["BUILDLOGS_REDIS": "{host: r1, password: x}"], ["QUAY_OVERRIDE_CONFIG": json])
    #expect(configuration.serverHostname == "other.example.com" && configuration.pushesDisabled)
    #expect(configuration.redis.host == "r2" && configuration.redis.port == 7000 && configuration.redis.password == nil)
    for bad in ["[]", "{", #"{"A":1,"A":2}"#, "nonsense"] {
      #expect(Fixture.refusal([:], ["QUAY_OVERRIDE_CONFIG": bad])?.hasPrefix("QUAY_OVERRIDE_CONFIG: ") == true)
    }
    #expect(
      Fixture.refusal([:], ["QUAY_OVERRIDE_CONFIG": #"{"DISABLE_PUSHES":"true"}"#])
        == "DISABLE_PUSHES (from QUAY_OVERRIDE_CONFIG) must be true or false, not the text 'true'")
  }

  @Test func filesAreReadFromDiskWithinBounds() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("meridian-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // A left-over temporary folder harms nobody.
    let file = folder.appendingPathComponent("config.yaml")
    try Data(Fixture.quayGeoReplication.utf8).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
    let (configuration, notices) = try Configuration.load(path: file.path, environment: [:])
    #expect(notices.contains { $0.description.contains("every user") })
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file.path)
    #expect(
      !(try Configuration.load(path: file.path, environment: [:]).notices.contains {
        $0.description.contains("every user")
      }))
    #expect(configuration.serverHostname == "quay.example.com")
    try Data(repeating: UInt8(ascii: "#"), count: (1 << 20) + 1).write(to: file)
    #expect(throws: ConfigurationError.self) { try Configuration.load(path: file.path, environment: [:]) }
    do throws(ConfigurationError) {
      _ = try Configuration.load(path: folder.appendingPathComponent("absent").path, environment: [:])
      Issue.record("an absent file was read")
    } catch {
      #expect(error.description.contains("cannot read the configuration"))
      #expect(error.description.hasSuffix(": No such file or directory"))
      #expect(!error.description.contains("\n"))
    }
  }

  @Test(arguments: [
    "DB_URI", "SERVER_HOSTNAME", "BUILDLOGS_REDIS", "DISTRIBUTED_STORAGE_CONFIG",
  ])
  func requiredKeysAreAskedFor(_ key: String) {
    #expect(Fixture.refusal([key: nil])?.hasPrefix("\(key) is missing") == true)
    #expect(Fixture.refusal([key: "null"])?.hasPrefix("\(key) is missing") == true)
  }
}
