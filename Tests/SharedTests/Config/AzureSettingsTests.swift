import Shared
import Testing

@Suite("AzureStorage takes exactly Quay's parameters")
struct AzureSettingsTests {
  private static let key = "c2VjcmV0LWtleS1vZi10aGUtZmFrZS1hY2NvdW50ISE="
  private static let place = "azure_container: images, storage_path: /registry, azure_account_name: acct1"
  private static let token = "?sp=racwdl&se=2026-11-21T17%3A05%3A12Z&sv=2021-12-02&sr=c&sig=topsecret%3D"

  private func settings(_ parameters: String) throws -> AzureSettings {
    let table = ["DISTRIBUTED_STORAGE_CONFIG": "{x: [AzureStorage, {\(parameters)}]}"]
    guard case .azure(let settings)? = try ConfigurationFixtures.load(table).locations.first?.engine else {
      throw ConfigurationError.missing(key: "AzureStorage", hint: "")
    }
    return settings
  }

  @Test func anAccountOfThePublicCloud() throws {
    let settings = try settings("\(Self.place), azure_account_key: '\(Self.key)', sas_token: null")
    #expect(settings.endpoint.description == "https://acct1.blob.core.windows.net" && !settings.accountInPath)
    #expect(settings.container == "images" && settings.storagePath.prefix == "registry/")
    #expect(settings.authorization == .sharedKey(Secret(Self.key)))
    #expect(settings.summary == "https://acct1.blob.core.windows.net/images/registry/")
    #expect(settings.identity == "acct1/images/registry/")
    #expect(EngineSettings.azure(settings).isAvailable && settings.engineName == "AzureStorage")
    #expect(!"\(settings)".contains(Self.key))
  }

  @Test(arguments: [
    ("https://acct1.blob.core.usgovcloudapi.net/", "https://acct1.blob.core.usgovcloudapi.net", false),
    ("http://127.0.0.1:10000/acct1", "http://127.0.0.1:10000", true),
    ("http://azure.example.com/acct1/", "http://azure.example.com", true), ("http://acct1", "http://acct1", false),
  ])
  func otherEndpoints(_ url: String, _ endpoint: String, _ accountInPath: Bool) throws {
    let settings = try settings(
      "\(Self.place), azure_account_key: '\(Self.key)', endpoint_url: '\(url)', ca_bundle_path: /ca")
    #expect(settings.endpoint.description == endpoint && settings.accountInPath == accountInPath)
    #expect(settings.caBundlePath == "/ca")
  }

  @Test func anAccessSignatureAloneIsEnoughAndAKeyGoesFirst() throws {
    guard case .accessSignature(let signature) = try settings("\(Self.place), sas_token: '\(Self.token)'").authorization
    else { throw ConfigurationError.missing(key: "sas_token", hint: "") }
    #expect(signature.query.revealed == Self.token.dropFirst() && signature.expiry == "2026-11-21T17:05:12Z")
    let both = try settings("\(Self.place), sas_token: '\(Self.token)', azure_account_key: '\(Self.key)'")
    #expect(both.authorization == .sharedKey(Secret(Self.key)))
  }

  /// Of the whole account, with a time without seconds, and with a policy stored with the container.
  @Test(arguments: [
    ("ss=bf&srt=sco&sp=rwdlac&se=2027-01-01&sv=2021-12-02&sig=x", "2027-01-01T00:00:00Z"),
    ("sr=c&sp=rwdl&se=2027-01-01T12%3A30Z&sv=2021-12-02&sig=x", "2027-01-01T12:30:00Z"),
    ("si=policy&sr=c&sv=2021-12-02&sig=x", nil),
  ])
  func otherAccessSignatures(_ token: String, _ expiry: String?) throws {
    guard case .accessSignature(let signature) = try settings("\(Self.place), sas_token: '\(token)'").authorization
    else { throw ConfigurationError.missing(key: "sas_token", hint: "") }
    #expect(signature.expiry == expiry)
  }

  @Test(arguments: [
    ("azure_account_key: topsecret", "must be one of the account's access keys"),
    ("azure_account_key: 'dG9wc2VjcmV0'", "must be one of the account's access keys"),
    ("azure_account_key: ''", "azure_account_key is missing; AzureStorage needs it, or sas_token"),
    ("sas_token: 'sp=rwdl'", "must hold sv and sig"),
    ("sas_token: 'sp=rwdl&sp=r&sv=1&sig=topsecret'", "each name once"),
    ("sas_token: 'a topsecret'", "percent-encoded"),
    ("sas_token: 'sp=rl&se=2027-01-01&sr=c&sv=1&sig=topsecret'", "sp lacks wd"),
    ("sas_token: 'sp=rwdl&sr=c&sv=1&sig=topsecret'", "when it ends"),
    ("sas_token: 'sp=rwdl&se=2027-01-01&sr=b&sv=1&sig=topsecret'", "whole container"),
    ("sas_token: 'ss=q&srt=sco&sp=rwdl&se=2027-01-01&sv=1&sig=topsecret'", "Blob service"),
    ("sas_token: 'ss=b&srt=o&sp=rwdl&se=2027-01-01&sv=1&sig=topsecret'", "srt needs c and o"),
    (
      "sas_token: 'sp=rwdl&se=2027-01-01&sr=c&spr=https&sv=1&sig=topsecret', endpoint_url: 'http://h'",
      "is for https only"
    ),
    ("azure_account_key: '\(key)', endpoint_url: 'h'", "HOST[:PORT]/acct1"),
    ("azure_account_key: '\(key)', endpoint_url: 'http://h/other'", "HOST[:PORT]/acct1"),
    ("azure_account_key: '\(key)', azure_key: x", "is not a key; did you mean"),
  ])
  func wrongParametersAreRefused(_ parameters: String, _ expected: String) throws {
    let reason = try #require(refusal("\(Self.place), \(parameters)"), "\(parameters) was accepted")
    #expect(reason.contains(expected) && reason.contains("DISTRIBUTED_STORAGE_CONFIG.x"), "\(reason)")
    #expect(!reason.contains("topsecret") && !reason.contains("\n"))
  }

  @Test(arguments: [
    ("images", "Images", "3 to 63 lower-case"), ("images", "a--b", "3 to 63 lower-case"),
    ("images", "-abc", "3 to 63 lower-case"), ("acct1", "my-account", "3 to 24 lower-case"),
    ("acct1", "ab", "3 to 24 lower-case"), ("/registry", "/a/../b", "without '..'"),
  ])
  func wrongNamesAreRefused(_ right: String, _ wrong: String, _ expected: String) throws {
    let parameters = Self.place.replacing(right, with: wrong) + ", azure_account_key: '\(Self.key)'"
    #expect(try #require(refusal(parameters)).contains(expected))
  }

  private func refusal(_ parameters: String) -> String? {
    ConfigurationFixtures.refusal(["DISTRIBUTED_STORAGE_CONFIG": "{x: [AzureStorage, {\(parameters)}]}"])
  }
}
