import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Shared
import Synchronization
import TestSupport
import Testing

@testable import HealthService

@Suite("The listener answers from the shelf and holds clients to limits")
struct HealthListenerTests {
  private final class Port: Sendable {
    let number = Mutex<Int?>(nil)
  }

  /// Serves `view` while `body` runs; counts how often what is known was looked at.
  private func serving(
    _ view: HealthView, details: DetailsAudience = .superusers, limit: Int = 4096,
    page: @escaping @Sendable (Request, HealthResponder.Context) async throws -> Response? = { _, _ in nil },
    _ body: (_ port: Int, _ looks: @Sendable () -> Int) async throws -> Void
  ) async throws {
    let superusers = SuperuserDirectory(names: ["admin"], password: Secret("correct horse"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      let port = Port()
      let counter = Counter()
      let answers = FastAnswers(
        shelf: AnswerShelf {
          counter.count.add(1, ordering: .relaxed)
          return view
        },
        details: DetailsPolicy(audience: details, superusers: superusers))
      let listener = HealthListener(
        host: "127.0.0.1", port: 0,
        responder: HealthResponder(answers: answers, metrics: { "a_metric 1\n" }, page: page),
        census: ConnectionCensus(limit: limit), logger: Logger(label: "test"),
        onRunning: { number in port.number.withLock { $0 = number } })
      group.addTask { try await listener.run() }
      try await untilTrue { port.number.withLock { $0 } != nil }
      let number = try #require(port.number.withLock { $0 })
      try await body(number) { counter.count.load(ordering: .relaxed) }
      group.cancelAll()
    }
  }

  private final class Counter: Sendable {
    let count = Atomic<Int>(0)
  }

  private func request(_ target: String, method: String = "GET", _ fields: String = "") -> String {
    "\(method) \(target) HTTP/1.1\r\nHost: x\r\n\(fields)Connection: close\r\n\r\n"
  }

  private var mixed: HealthView {
    get throws {
      try ViewFixture.view(
        [ViewFixture.component(.database)],
        verdicts: [ViewFixture.verdict("us", write: ViewFixture.failing("the words"))])
    }
  }

  @Test func verdictsByDirectionAndMethod() async throws {
    try await serving(try mixed) { port, _ in
      let read = try await RawConnection.exchange(port: port, request("/health/region/us?for=read"))
      #expect(read.hasPrefix("HTTP/1.1 200 OK\r\n") && read.contains("Cache-Control: no-store"))
      let write = try await RawConnection.exchange(port: port, request("/health/region/us?for=write"))
      #expect(write.hasPrefix("HTTP/1.1 503 "))
      let head = try await RawConnection.exchange(port: port, request("/health/region/us?for=read", method: "HEAD"))
      #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.hasSuffix("\r\n\r\n"))
      let length = try #require(read.firstMatch(of: /Content-Length: (\d+)/)?.1)
      #expect(head.contains("Content-Length: \(length)\r\n") && length != "0")
    }
  }

  @Test func formsAndDetails() async throws {
    try await serving(try mixed) { port, _ in
      let draft = try await RawConnection.exchange(
        port: port, request("/health/region/us", "Accept: application/health+json\r\n"))
      #expect(draft.contains("Content-Type: application/health+json\r\n") && !draft.contains("the words"))
      // admin:correct horse, then admin:wrong
      let known = try await RawConnection.exchange(
        port: port, request("/health/region/us", "Authorization: Basic YWRtaW46Y29ycmVjdCBob3JzZQ==\r\n"))
      #expect(known.contains("the words"))
      let unknown = try await RawConnection.exchange(
        port: port, request("/health/region/us", "Authorization: Basic YWRtaW46d3Jvbmc=\r\n"))
      #expect(unknown.hasPrefix("HTTP/1.1 503 ") && !unknown.contains("the words"))
    }
    try await serving(try mixed, details: .loopback) { port, _ in
      let near = try await RawConnection.exchange(port: port, request("/health/region/us"))
      #expect(near.contains("the words"))
      let behindProxy = try await RawConnection.exchange(
        port: port, request("/health/region/us", "X-Forwarded-For: 203.0.113.9\r\n"))
      #expect(!behindProxy.contains("the words"))
    }
  }

  @Test(arguments: [
    ("/nothing", "GET", 404), ("/health/region/eu", "GET", 404), ("/health/region/us?for=delete", "GET", 400),
    ("/health/region/us", "POST", 405), ("/health/region/us", "DELETE", 405), ("/metrics", "PUT", 405),
    ("/metrics", "GET", 200), ("/health/region/../../etc/passwd", "GET", 404), ("http://x/livez", "GET", 200),
    ("*", "OPTIONS", 405), ("/" + String(repeating: "a", count: 3000), "GET", 414),
    ("/" + String(repeating: "a", count: 3000), "PUT", 414), ("/" + String(repeating: "a", count: 30_000), "GET", 400),
  ])
  func oddRequests(target: String, method: String, code: Int) async throws {
    try await serving(try mixed) { port, _ in
      let answer = try await RawConnection.exchange(port: port, request(target, method: method))
      #expect(answer.hasPrefix("HTTP/1.1 \(code) "), "\(answer.prefix(200))")
    }
  }

  @Test(arguments: [
    "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET /livez HTTP/9.9\r\n\r\n",
    "GET /livez HTTP/1.1\r\nBad Field: x\r\n\r\n",
  ])
  func whatIsNotHTTPIsEnded(bytes: String) async throws {
    try await serving(try mixed) { port, _ in
      let answer = try await RawConnection.exchange(port: port, bytes)
      #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 ") || answer.hasPrefix("HTTP/1.1 505 "))
    }
  }

  @Test func manyRequestsOnOneConnectionComeBackInOrder() async throws {
    let gate = Gate()
    try await serving(
      try mixed,
      page: { request, _ in
        guard request.uri.path == "/page" else { return nil }
        await gate.pass()
        return Response(status: .ok, headers: [.contentLength: "4"], body: .init(byteBuffer: .init(string: "page")))
      }
    ) { port, _ in
      let connection = try await RawConnection.open(port: port)
      let one = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
      await connection.send(one + "GET /page HTTP/1.1\r\nHost: x\r\n\r\n" + one)
      try await untilTrue { connection.received.hasSuffix("ok\n") }
      gate.open()
      try await untilTrue { connection.received.components(separatedBy: "HTTP/1.1 200").count == 4 }
      let bodies = connection.received.split(separator: "HTTP/1.1 200 OK").map { $0.split(separator: "\r\n\r\n").last }
      #expect(bodies == ["ok\n", "page", "ok\n"])
      await connection.close()
    }
  }

  @Test func anOldClientIsAnsweredAndClosed() async throws {
    try await serving(try mixed) { port, _ in
      let answer = try await RawConnection.exchange(port: port, "GET /livez HTTP/1.0\r\n\r\n")
      #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("ok\n"))
    }
  }

  @Test func questionsDoNotMakeLooks() async throws {
    try await serving(try mixed) { port, looks in
      let connection = try await RawConnection.open(port: port)
      let began = ContinuousClock.now
      for _ in 0..<50 {
        await connection.send(String(repeating: "GET /health/region/us HTTP/1.1\r\nHost: x\r\n\r\n", count: 40))
      }
      try await untilTrue { connection.received.components(separatedBy: "HTTP/1.1 503").count == 2001 }
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      #expect(looks() <= Int(seconds * 5) + 2)
      await connection.close()
    }
  }

  @Test func aClientThatSendsMuchOrReadsNothingIsCutOff() async throws {
    try await serving(try mixed) { port, _ in
      let sender = try await RawConnection.open(port: port)
      await sender.send("POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
      for _ in 0..<20 { await sender.send(String(repeating: "x", count: 10_000)) }
      try await untilTrue { sender.isClosed }
      let deaf = try await RawConnection.open(port: port, reads: false)
      let flood = String(repeating: "GET /health/region/us HTTP/1.1\r\nHost: x\r\n\r\n", count: 1000)
      // A writer that is cut off fails or hangs no longer; either ends the loop.
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { for _ in 0..<200 { await deaf.send(flood) } }
        try await group.next()
      }
      await deaf.close()
      let after = try await RawConnection.exchange(port: port, request("/livez"))
      #expect(after.hasPrefix("HTTP/1.1 200 OK"))
    }
  }

  @Test func moreConnectionsThanPlacesAreClosedAndIdleOnesMakeRoom() async throws {
    try await serving(try mixed, limit: 10) { port, _ in
      var idle: [RawConnection] = []
      for _ in 0..<10 { idle.append(try await RawConnection.open(port: port)) }
      let tenth = try #require(idle.last)
      await tenth.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
      try await untilTrue { tenth.received.hasSuffix("ok\n") }
      let refused = try await RawConnection.open(port: port)
      try await untilTrue { refused.isClosed }
      // All places are taken: whoever asks nothing for a second goes.
      try await untilTrue { [idle] in idle.filter(\.isClosed).count >= 2 }
      let served = try await RawConnection.exchange(port: port, request("/livez"))
      #expect(served.hasPrefix("HTTP/1.1 200 OK"))
      for connection in idle { await connection.close() }
    }
  }
}
