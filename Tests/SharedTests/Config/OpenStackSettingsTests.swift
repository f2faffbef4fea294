import Shared
import Testing

@testable import SharedConfig

@Suite("SwiftStorage takes exactly Quay's parameters")
struct OpenStackSettingsTests {
  private typealias Fixture = ConfigurationFixtures
  private static let base = "swift_container: c, storage_path: /r, swift_user: u, swift_password: topsecret"
  private static let one = base + ", auth_url: 'http://h:8080/auth/v1.0/', auth_version: 1"

  private func settings(_ parameters: String) throws -> OpenStackSettings {
    let loaded = try Fixture.load(["DISTRIBUTED_STORAGE_CONFIG": "{x: [SwiftStorage, {\(parameters)}]}"])
    guard case .openStack(let settings)? = loaded.locations.first?.engine else {
      throw ConfigurationError.missing(key: "SwiftStorage", hint: "")
    }
    return settings
  }

  @Test func defaultsAreQuays() throws {
    let settings = try settings(Self.one)
    #expect(settings.container == "c" && settings.storagePath.prefix == "r/" && settings.temporaryURLKey == nil)
    #expect(settings.connectTimeout == .seconds(5) && settings.retryCount == 5 && settings.retriesRateLimits)
    #expect(settings.signIn.version == .one && settings.signIn.address == "http://h:8080/auth/v1.0")
    #expect(settings.signIn.user == .name("u") && settings.signIn.password == Secret("topsecret"))
    #expect(settings.identity == "c/r/" && settings.summary == "http://h:8080/auth/v1.0, container c/r/")
    let two = try self.settings(Self.base.replacing("user: u", with: "user: 'p:u'") + ", auth_url: 'https://k:5000'")
    #expect(two.signIn.version == .two && two.signIn.address == "https://k:5000/v2.0")
    #expect(two.signIn.user == .name("u") && two.signIn.project == .name("p"))
  }

  @Test func everyKeyIsTaken() throws {
    let settings = try settings(
      Self.base + ", auth_url: 'https://k/identity/v3', auth_version: '3', ca_cert_path: /ca.pem, temp_url_key: k, "
        + "simple_path_concat: true, connect_timeout: 9, retry_count: 2, retry_on_ratelimit: false, "
        + "os_options: {tenant_id: t, user_domain_name: d, project_domain_id: e, region_name: eu, "
        + "endpoint_type: internalURL, service_type: cloud, object_storage_url: 'https://s/v1/AUTH_x/'}")
    #expect(settings.caBundlePath == "/ca.pem" && settings.temporaryURLKey == Secret("k"))
    #expect(settings.connectTimeout == .seconds(9) && settings.retryCount == 2 && !settings.retriesRateLimits)
    let signIn = settings.signIn
    #expect(signIn.version == .three && signIn.address == "https://k/identity/v3" && signIn.project == .id("t"))
    #expect(signIn.userDomain == .name("d") && signIn.projectDomain == .id("e") && signIn.region == "eu")
    #expect(signIn.interface == "internal" && signIn.serviceType == "cloud")
    #expect(signIn.storageURL == "https://s/v1/AUTH_x")
    let application = try self.settings(
      Self.base + ", auth_url: 'https://k', auth_version: 3, os_options: {auth_type: v3applicationcredential, "
        + "application_credential_id: a, application_credential_secret: s}")
    #expect(application.signIn.application == .init(id: "a", secret: Secret("s")))
    #expect(application.signIn.address == "https://k/v3")
  }

  @Test(arguments: [
    (one + ", tenp_url_key: x", "did you mean temp_url_key?"),
    (one.replacing("container: c", with: "container: a/b"), "is not the name of a container"),
    (one.replacing("path: /r", with: "path: /../r"), "without '..'"),
    (one.replacing("version: 1", with: "version: 4"), "must be 1 (Swift's own), 2 or 3"),
    (one.replacing(", auth_version: 1", with: ""), "is of version 1, but auth_version is 2"),
    (base + ", auth_url: 'http://k/v3'", "is of version 3, but auth_version is 2"),
    (base + ", auth_url: 'http://k/v2.0'", "os_options.tenant_name is missing; Keystone gives a token for a project"),
    (base + ", auth_url: 'k:5000'", "must be http://HOST[:PORT]/PATH"),
    (base + ", auth_url: 'http://k/?a=b'", "must be http://HOST[:PORT]/PATH"),
    (one + ", os_options: {tenant: x}", "is not a key; did you mean one of tenant_name, tenant_id"),
    (one + ", os_options: {endpoint_type: outer}", "must be publicURL, internalURL or adminURL"),
    (one + ", os_options: {application_credential_id: x}", "application_credential_secret is missing"),
    (one + ", ca_cert_path: ca.pem", "must be the absolute path of a PEM file"),
    (one + ", connect_timeout: soon", "must be a whole number"),
    (one + ", retry_on_ratelimit: 'no'", "must be true or false"),
    (one + ", server_side_encryption: true", "Swift encrypts at rest by its own proxy's configuration"),
  ])
  func whatIsWrongIsSaid(_ parameters: String, _ expected: String) throws {
    let refusal = try #require(Fixture.refusal(["DISTRIBUTED_STORAGE_CONFIG": "{x: [SwiftStorage, {\(parameters)}]}"]))
    #expect(refusal.contains(expected), "\(refusal)")
    #expect(!refusal.contains("topsecret"))
  }
}
