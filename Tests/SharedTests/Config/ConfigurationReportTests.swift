import Foundation
import Shared
import Testing

@Suite("The report and the fingerprint")
struct ConfigurationReportTests {
  private typealias Fixture = ConfigurationFixtures

  private func report(_ changes: [String: String?] = [:], _ environment: [String: String] = [:]) throws
    -> ConfigurationReport
  {
    let (configuration, notices) = try Fixture.load(Fixture.yaml(changes), environment)
    return ConfigurationReport(configuration, notices: notices)
  }

  @Test func saysWhatEachProcessDoes() throws {
    let report = try report(
      [
        "FEATURE_STORAGE_REPLICATION": "true", "DISTRIBUTED_STORAGE_PREFERENCE": "[us, eu]",
        "DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS": "[us, eu]", "REGISTRY_TITLE": "x",
      ], ["QUAY_DISTRIBUTED_STORAGE_PREFERENCE": "eu us", "REGION_NAME": "europe"])
    let expected = """
      region europe: home location eu, served as https://registry.example.com

      locations
        eu: RadosGWStorage at http://ceph.example.com:7480/eu-bucket/registry/ (home, gets a copy of everything)
        us: S3Storage at https://s3.us-east-2.amazonaws.com/us-bucket/registry/ (read 2., gets a copy of everything)

      registry-api
        - answers as registry.example.com
        - writes pushes to eu; layers may be 20 GiB and manifests 4 MiB
        - orders a copy of every push to us
        - reads from the first of eu, us that holds a blob
        - redirects blob downloads to the store, with URLs good for 600 s
        - lets in admin
        - uses the database meridian@db1.example.com:5432/meridian with at most 10 connections
        - announces jobs in Redis at redis.example.com:6379/0

      replication-worker
        - copies what is missing to eu, unless --locations names others
        - reads from us, nearest first
        - takes jobs from Redis at redis.example.com:6379/0, and from the database without it
        - uses the database meridian@db1.example.com:5432/meridian with at most 10 connections

      health-service
        - probes eu, us, the database and Redis
        - publishes the verdict on region europe
        - knows other regions by what they publish: REGIONS is not set
        - uses the database meridian@db1.example.com:5432/meridian with at most 10 connections

      notices
        - REGISTRY_TITLE is a key of Quay that Meridian does not use

      fingerprint \(report.fingerprint)
      """
    #expect(report.lines.joined(separator: "\n") == expected)
  }

  @Test func holdsNoSecret() throws {
    for text in [
      try report().lines.joined(), try report().json(), "\(try Fixture.load())", String(reflecting: try Fixture.load()),
      try Fixture.load(Fixture.quayGeoReplication).notices.map(\.description).joined(),
    ] {
      for secret in ["pw-of-db", "correct horse", "a-long-enough-key", "us-secret-value", "s3cr3t"] {
        #expect(!text.contains(secret), "\(secret)")
      }
    }
  }

  @Test func isReadableByTools() throws {
    let report = try report([
      "AUTHENTICATION_TYPE": "None", "REGISTRY_STATE": "readonly", "FEATURE_PROXY_STORAGE": "true",
    ])
    let decoded = try JSONDecoder().decode(ConfigurationReport.self, from: Data(try report.json().utf8))
    #expect(decoded == report)
    let actions = try #require(report.processes.first).actions
    #expect(actions.contains { $0.contains("everybody") } && actions.contains { $0.contains("readonly") })
    #expect(actions.contains { $0.contains("streams blobs") })
  }

  @Test func anUnavailableEngineIsSaid() throws {
    let akamai =
      "{us: [AkamaiS3Storage, {storage_path: /r, s3_bucket: b, akamai_domain: d, akamai_shared_secret: s}]}"
    let (configuration, notices) = try Fixture.load(Fixture.yaml(["DISTRIBUTED_STORAGE_CONFIG": akamai]))
    let lines = ConfigurationReport(configuration, notices: notices).lines
    #expect(lines.contains { $0.contains("us: AkamaiS3Storage at bucket b") && $0.contains("NOT AVAILABLE") })
    #expect(notices.contains { $0.description.contains("AkamaiS3Storage") })
  }

  @Test func adviceIsGiven() throws {
    func advice(_ changes: [String: String?]) throws -> String {
      try Fixture.load(Fixture.yaml(changes)).notices.map(\.description).joined(separator: "\n")
    }
    #expect(try advice([:]).contains("blobs stay at the location"))
    #expect(
      try advice(["FEATURE_STORAGE_REPLICATION": "true", "DISTRIBUTED_STORAGE_PREFERENCE": "[us]"]).contains(
        "nothing is copied"))
    #expect(
      try advice(["FEATURE_STORAGE_REPLICATION": "true", "DISTRIBUTED_STORAGE_PREFERENCE": "[us]"]).contains(
        "leaves out eu"))
    #expect(try advice(["SUPERUSER_PASSWORD": nil]).contains("nobody can sign in"))
    #expect(try advice(["SECRET_KEY": nil]).contains("SECRET_KEY is missing"))
    #expect(try advice(["PREFERRED_URL_SCHEME": "http"]).contains("unencrypted"))
    #expect(try advice(["USER_EVENTS_REDIS": "{host: elsewhere}"]).contains("differ"))
    #expect(try advice(["AUTHENTICATION_TYPE": "None"]).contains("everybody"))
  }

  @Test func theFingerprintIsTheSameInEveryRegionAndChangesWithWhatCounts() throws {
    let base = try Fixture.load()
    #expect(base.fingerprint.hasPrefix("v1-") && base.fingerprint.utf8.count == 67)
    let same: [(String, Configuration)] = [
      ("preference", try Fixture.load([:], ["DISTRIBUTED_STORAGE_PREFERENCE": "eu us"])),
      ("region", try Fixture.load([:], ["REGION_NAME": "x"])),
      ("comment", try Fixture.load("# c\n" + Fixture.yaml()).configuration),
      ("database", try Fixture.load(["DB_URI": "postgresql://a@b/c"])),
      ("explicit default", try Fixture.load(["FEATURE_STORAGE_REPLICATION": "false"])),
    ]
    for (name, configuration) in same { #expect(configuration.fingerprint == base.fingerprint, "\(name)") }
    let table = Fixture.base["DISTRIBUTED_STORAGE_CONFIG"] ?? ""
    let different: [(String, Configuration)] = [
      ("key", try Fixture.load(["SECRET_KEY": "another-long-enough-key"])),
      ("password", try Fixture.load(["SUPERUSER_PASSWORD": "correct horse batteries"])),
      ("no key", try Fixture.load(["SECRET_KEY": nil])),
      ("bucket", try Fixture.load(["DISTRIBUTED_STORAGE_CONFIG": table.replacing("us-bucket", with: "us-bucket2")])),
      ("id", try Fixture.load(["DISTRIBUTED_STORAGE_CONFIG": table.replacing("us: [", with: "ux: [")])),
      ("defaults", try Fixture.load(["DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS": "[us]"])),
      (
        "replication",
        try Fixture.load(["FEATURE_STORAGE_REPLICATION": "true", "DISTRIBUTED_STORAGE_PREFERENCE": "[us]"])
      ),
    ]
    #expect(Set(different.map(\.1.fingerprint)).count == different.count)
    for (name, configuration) in different { #expect(configuration.fingerprint != base.fingerprint, "\(name)") }
    // The value itself is pinned: a change of the algorithm must come with a new version.
    #expect(base.fingerprint == Fixture.expectedBaseFingerprint)
  }
}
