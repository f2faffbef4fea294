import Shared
import Testing

@Suite("Receivers of events in the configuration")
struct WebhookSettingsTests {
  private typealias Fixture = ConfigurationFixtures

  private static let good =
    "name: ci, url: 'https://ci.example.com/hook?token=hidden-token', secret: hidden-secret-0123456789"

  private func refusal(_ list: String) -> String? { Fixture.refusal(["REPLICATION_WEBHOOKS": list]) }

  @Test("a receiver is told of everything unless it is limited")
  func reads() throws {
    let one = try #require(try Fixture.load(["REPLICATION_WEBHOOKS": "[{\(Self.good)}]"]).webhooks.first)
    #expect(one.name == "ci")
    #expect("\(one.url)" == "https://ci.example.com")
    #expect(one.url.target.revealed == "/hook?token=hidden-token")
    #expect(one.timeout == .seconds(10))
    #expect(!one.allowsLinkLocal)
    let eu = try LocationID(parsing: "eu")
    #expect(one.wants(location: eu, namespace: "team"))
    let limits = "locations: [us], namespaces: [team], timeout: 3, allow_link_local: true"
    let two = try #require(try Fixture.load(["REPLICATION_WEBHOOKS": "[{\(Self.good), \(limits)}]"]).webhooks.first)
    #expect(!two.wants(location: eu, namespace: "team"))
    #expect(two.wants(location: try LocationID(parsing: "us"), namespace: "team"))
    #expect(!two.wants(location: try LocationID(parsing: "us"), namespace: "other"))
    #expect(two.timeout == .seconds(3))
    #expect(try Fixture.load().webhooks.isEmpty)
    #expect(try Fixture.load(["REPLICATION_WEBHOOKS": "[]"]).webhooks.isEmpty)
  }

  @Test(
    "what cannot be used is refused by its key, and secrets are not shown",
    arguments: [
      ("{\(good)}", "must be a list of receivers"), ("[x]", "REPLICATION_WEBHOOKS[0]"),
      ("[{url: 'https://a/', secret: hidden-secret-0123456789}]", "REPLICATION_WEBHOOKS[0].name is missing"),
      ("[{name: a, secret: hidden-secret-0123456789}]", "REPLICATION_WEBHOOKS[0].url is missing"),
      ("[{name: a, url: 'https://a/'}]", "REPLICATION_WEBHOOKS[0].secret is missing"),
      ("[{name: a, url: 'https://a/', secret: hidden-short}]", "too easy to guess"),
      ("[{name: a, url: 'https://a/', secret: aaaaaaaaaaaaaaaaaaaaaaaa}]", "too easy to guess"),
      ("[{name: 'A b', url: 'https://a/', secret: hidden-secret-0123456789}]", "'A b' must be 1 to 64"),
      ("[{\(good)}, {\(good)}]", "REPLICATION_WEBHOOKS[1].name"),
      ("[{\(good), sercet: x}]", "did you mean secret?"),
      ("[{\(good), locations: [mars]}]", "'mars' is not a location"), ("[{\(good), locations: []}]", "is empty"),
      ("[{\(good), namespaces: [a/b]}]", "'a/b' is no namespace"), ("[{\(good), namespaces: []}]", "is empty"),
      ("[{\(good), timeout: 0}]", "a whole number from 1 to 60"),
      ("[{\(good), allow_link_local: yes}]", "must be true or false"),
    ])
  func refuses(_ list: String, _ expected: String) throws {
    let reason = try #require(refusal(list), "\(list) was accepted")
    #expect(reason.contains(expected), "\(reason)")
    #expect(!reason.contains("hidden") && !reason.contains("\n"), "\(reason)")
  }

  @Test(
    "URLs that lead astray are refused",
    arguments: [
      "ftp://a/", "//a/", "a", "https://", "https://user:hidden@a/", "https://a/#x", "https://a b/", "https://a:0/",
      "https://a:99999/", "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/", "http://0.0.0.0/",
      "http://[::ffff:169.254.169.254]/", "http://224.0.0.1/",
    ])
  func urls(_ url: String) throws {
    let reason = try #require(refusal("[{name: a, url: '\(url)', secret: hidden-secret-0123456789}]"), "\(url)")
    #expect(reason.contains("REPLICATION_WEBHOOKS[0].url") && !reason.contains("hidden"), "\(reason)")
  }

  @Test("plain http across the network, and who is told, are said; tokens are not")
  func notices() throws {
    let receiver = "name: ci, url: 'http://ci.example.com/?t=hidden-token', secret: hidden-secret-0123456789"
    let changes = [
      "REPLICATION_WEBHOOKS": "[{\(receiver)}]", "FEATURE_STORAGE_REPLICATION": "true",
      "DISTRIBUTED_STORAGE_PREFERENCE": "[us]",
    ]
    let (configuration, notices) = try Fixture.load(Fixture.yaml(changes))
    let said = notices.map { "\($0)" }.joined(separator: "\n")
    #expect(said.contains("webhook ci uses http"))
    let report = ConfigurationReport(configuration, notices: notices).lines.joined(separator: "\n")
    #expect(report.contains("tells ci at http://ci.example.com when images become readable"))
    #expect(!(said + report).contains("hidden"))
  }

  @Test("a link-local receiver is possible for those who say so")
  func linkLocal() throws {
    let receiver = "{name: a, url: 'http://169.254.1.1/', secret: hidden-secret-0123456789, allow_link_local: true}"
    #expect(refusal("[\(receiver)]") == nil)
  }
}
