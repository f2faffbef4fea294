import Shared
import TestSupport
import Testing

@Suite("Sending events")
struct WebhookSenderTests {
  private let secret = Secret("0123456789abcdef-secret")

  /// Answers every name with the same addresses.
  private struct FixedLookup: NameLookup {
    let addresses: [String]

    func addresses(of host: String, within limit: Duration) async throws(WebhookFailure) -> [NetworkAddress] {
      addresses.compactMap { NetworkAddress(parsing: $0) }
    }
  }

  private func sender(
    _ url: String, addresses: [String] = [], timeout: Duration = .seconds(5), allowsLinkLocal: Bool = false
  ) throws -> WebhookSender {
    let settings = WebhookSettings(
      name: "hook", url: try #require(WebhookURL(parsing: url)), secret: secret, timeout: timeout,
      allowsLinkLocal: allowsLinkLocal)
    return WebhookSender(settings: settings, lookup: FixedLookup(addresses: addresses))
  }

  private func failure(_ sender: WebhookSender) async -> WebhookFailure? {
    do throws(WebhookFailure) {
      try await sender.send("{}", name: "image.readable", id: "1", timestamp: 7)
      return nil
    } catch {
      return error
    }
  }

  @Test("an event arrives as it is, signed, at the path and query that are configured")
  func delivers() async throws {
    let server = try FakeHTTPServer { _, _ in .answer(204) }
    defer { server.stop() }
    let sender = try sender("\(server.address)/hooks/a?token=t")
    try await sender.send(#"{"a":"ä"}"#, name: "image.readable", id: "77", timestamp: 1_900_000_000)
    let request = try #require(server.requests.first)
    #expect(request.method == "POST")
    #expect(request.target == "/hooks/a?token=t")
    #expect(request.body == Array(#"{"a":"ä"}"#.utf8))
    #expect(request.headers["content-type"] == "application/json")
    #expect(request.headers["meridian-event"] == "image.readable")
    #expect(request.headers["meridian-delivery"] == "77")
    #expect(request.headers["meridian-timestamp"] == "1900000000")
    let signature = WebhookSignature.value(body: request.body, timestamp: 1_900_000_000, secret: secret)
    #expect(request.headers["meridian-signature"] == signature)
    #expect(!"\(request.headers)".contains(secret.revealed))
  }

  @Test("a name is connected to at the address that was checked, and at the next one where that is away")
  func pinned() async throws {
    let server = try FakeHTTPServer { _, _ in .answer(200) }
    defer { server.stop() }
    // Nothing resolves this name, and nothing listens at the first address.
    let sender = try sender("http://receiver.invalid:\(server.port)/x", addresses: ["127.99.99.99", "127.0.0.1"])
    #expect(await failure(sender) == nil)
    #expect(server.requests.first?.headers["host"] == "receiver.invalid:\(server.port)")
  }

  @Test(
    "nothing is sent to a dangerous address, alone or among others, by name or by number",
    arguments: [
      ("http://metadata.example/latest", ["169.254.169.254"]), ("http://a.example/", ["127.0.0.1", "fe80::1"]),
      ("http://169.254.169.254/latest", []), ("http://[fe80::1]/", []), ("http://a.example/", ["0.0.0.0"]),
      ("http://0xa9fea9fe/", ["169.254.169.254"]), ("http://[::ffff:169.254.169.254]/", []),
    ] as [(String, [String])])
  func guarded(url: String, addresses: [String]) async throws {
    guard case .forbidden = await failure(try sender(url, addresses: addresses)) else {
      Issue.record("\(url) was not refused")
      return
    }
  }

  @Test("redirects are not followed, other answers are failures, and Retry-After is heard")
  func refusals() async throws {
    let server = try FakeHTTPServer { request, _ in
      switch request.target {
      case "/moved": .answer(302, headers: ["Location": "/ok"])
      case "/busy": .answer(503, headers: ["Retry-After": "120"])
      case "/gone": .answer(410)
      default: .answer(200)
      }
    }
    defer { server.stop() }
    #expect(await failure(try sender("\(server.address)/moved")) == .refused(status: 302, retryAfter: nil))
    #expect(await failure(try sender("\(server.address)/busy")) == .refused(status: 503, retryAfter: .seconds(120)))
    #expect(await failure(try sender("\(server.address)/gone")) == .refused(status: 410, retryAfter: nil))
    #expect(server.requests.map(\.target) == ["/moved", "/busy", "/gone"])
  }

  @Test("a receiver that says nothing is left at the deadline, one that hangs up at once")
  func deadline() async throws {
    let server = try FakeHTTPServer { request, _ in request.target == "/hang" ? .stall([]) : .close }
    defer { server.stop() }
    let clock = ContinuousClock()
    let took = try await clock.measure {
      guard case .unreachable = await failure(try sender("\(server.address)/hang", timeout: .seconds(1))) else {
        Issue.record("no failure")
        return
      }
    }
    #expect(took < .seconds(10))
    guard case .unreachable = await failure(try sender("\(server.address)/close")) else {
      Issue.record("no failure")
      return
    }
  }

  @Test("the system's resolver knows this machine and says what it does not know")
  func resolver() async throws {
    let lookup = SystemNameLookup()
    let addresses = try await lookup.addresses(of: "localhost", within: .seconds(20))
    #expect(addresses.contains { $0.description == "127.0.0.1" || $0.description == "0:0:0:0:0:0:0:1" })
    #expect(try await lookup.addresses(of: "0x7f000001", within: .seconds(20)).map(\.description) == ["127.0.0.1"])
    await #expect(throws: WebhookFailure.self) {
      try await lookup.addresses(of: "no such name.invalid", within: .seconds(20))
    }
  }
}
