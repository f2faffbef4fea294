import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("The edge of HTTP", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct HTTPEdgeTests {
  @Test(
    "a Host that is missing, repeated or no host is 400 and the end of the connection",
    arguments: [
      "", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n", "Host: a b\r\n", "Host: a/b\r\n", "Host: a@b\r\n",
      "Host: a:b\r\n", "Host: a,b\r\n", "Host: a:80:80\r\n", "Host: [::1\r\n", "Host: ::1\r\n", "Host: [g]\r\n",
      "Host: a:123456\r\n", "Host: a\\b\r\n",
    ])
  func badHost(_ lines: String) async throws {
    try await RegistryFixture.with { (registry) async throws in
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send("GET /v2/ HTTP/1.1\r\n\(lines)\r\nGET /v2/ HTTP/1.1\r\nHost: r\r\n\r\n")
      let answer = try await client.answer()
      #expect(answer.status == 400)
      #expect(answer["connection"] == "close")
      #expect(await client.isClosed())
      #expect(client.pendingBytes == 0)
    }
  }

  @Test(
    "hosts that are hosts",
    arguments: ["r", "R.example:5000", "[::1]:80", "[fe80::1]", "10.0.0.1:1", "a_b", "", "a:"])
  func goodHost(_ host: String) async throws {
    #expect(RequestHead.isHost(host))
    try await RegistryFixture.with { (registry) async throws in
      #expect(try await registry.api.send("GET", "/v2/", headers: ["Host": host]).status == 200)
    }
  }

  @Test("HTTP/1.0 needs no Host")
  func oldVersion() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send("GET /v2/ HTTP/1.0\r\n\r\n")
      #expect(try await client.answer().status == 200)
      await client.close()
    }
  }

  @Test("CONNECT is 405 and the end of the connection")
  func connect() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send("CONNECT /v2/x/manifests/t HTTP/1.1\r\nHost: r\r\n\r\n")
      let answer = try await client.answer()
      #expect(answer.status == 405)
      #expect(answer["connection"] == "close")
      #expect(await client.isClosed())
    }
  }

  @Test("chunk extensions without end are cut off; small chunks are not")
  func chunkExtensions() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let session = try await registry.api.begin("team/app")
      let client = try await WireClient.connect(port: registry.api.port)
      try await client.send(WireClient.head("PATCH", session, headers: ["Transfer-Encoding": "chunked"]))
      try await client.send("5;" + String(repeating: "x", count: 200_000))
      let answer = try await client.answer()
      #expect(answer.status == 400)
      #expect(answer["connection"] == "close")
      #expect(await client.isClosed())
      let small = try await WireClient.connect(port: registry.api.port)
      let next = try await registry.api.begin("team/app")
      try await small.send(WireClient.head("PATCH", next, headers: ["Transfer-Encoding": "chunked"]))
      try await small.send(String(repeating: "1;a=b\r\nx\r\n", count: 20_000) + "0\r\n\r\n")
      #expect(try await small.answer()["range"] == "0-19999")
      await small.close()
    }
  }

  @Test("a header list beyond 32 KiB is 431")
  func largeHead() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let long = try await registry.api.send("GET", "/v2/", headers: ["X": String(repeating: "a", count: 40 << 10)])
      #expect(long.status == 431)
      var many: [String: String] = [:]
      for index in 0..<120 { many["X-\(index)"] = "1" }
      #expect(try await registry.api.send("GET", "/v2/", headers: many).status == 431)
    }
  }

  @Test("connections beyond the limit are answered 503 with Retry-After and closed; a place is free again afterwards")
  func connectionLimit() async throws {
    try await RegistryFixture.with(connections: ConnectionLimits(total: 2, perAddress: 1)) { (registry) async throws in
      let first = try await WireClient.connect(port: registry.api.port)
      #expect(try await first.exchange("GET", "/v2/").status == 200)
      let second = try await WireClient.connect(port: registry.api.port)
      #expect(try await second.exchange("GET", "/v2/").status == 200)
      let third = try await WireClient.connect(port: registry.api.port)
      let refused = try await third.answer()
      #expect(refused.status == 503)
      #expect(refused["retry-after"] == "5")
      #expect(refused.text.contains("UNAVAILABLE"))
      #expect(await third.isClosed())
      await first.close()
      let end = ContinuousClock.now + .seconds(10)
      var status = 0
      repeat { status = try await registry.api.send("GET", "/v2/").status } while status == 503 && .now < end
      #expect(status == 200)
      await second.close()
    }
  }

  @Test(
    "in redirect mode only ranges that every store understands alike are redirected",
    arguments: [
      (nil, 307, nil), ("bytes=0-9", 307, nil), ("bytes=-10", 307, nil), ("bytes=0-", 307, nil),
      // What a client sends that goes on after a break: its store has let it down.
      ("bytes=4990-", 206, "bytes 4990-4999/5000"),
      ("bytes=5000-10000", 416, "bytes */5000"), ("bytes=9-5", 416, "bytes */5000"), ("bytes=0-1,4-5", 200, nil),
      ("bytes=-", 200, nil), ("bytes=a-b", 200, nil), ("bytes=0x1-0x2", 200, nil), ("bytes=-0", 416, "bytes */5000"),
    ] as [(String?, Int, String?)])
  func redirectedRanges(_ range: String?, _ status: Int, _ contentRange: String?) async throws {
    try await RegistryFixture.with(proxy: false, decorating: { RedirectingStore(base: $0) }) {
      (registry) async throws in
      let bytes = PushContent.bytes(5000)
      _ = try await registry.api.push(bytes, to: "team/app")
      let answer = try await registry.api.send(
        "GET", "/v2/team/app/blobs/\(Digest(of: bytes))", headers: range.map { ["Range": $0] } ?? [:])
      #expect(answer.status == status)
      #expect(answer["content-range"] == contentRange)
      if status == 200 { #expect(answer.body == bytes) }
    }
  }
}
