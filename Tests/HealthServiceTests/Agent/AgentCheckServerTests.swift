import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import HealthService

@Suite("The agent check server answers one line a connection")
struct AgentCheckServerTests {
  private final class Port: Sendable {
    let number = Mutex<Int?>(nil)
  }

  private func serving(_ body: (_ port: Int) async throws -> Void) async throws {
    let verdicts = [
      ViewFixture.verdict("us", write: ViewFixture.failing("no room")), ViewFixture.verdict("eu"),
    ]
    let view = try ViewFixture.view(verdicts: verdicts)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let port = Port()
      let server = AgentCheckServer(
        host: "127.0.0.1", port: 0, region: "us", shelf: AnswerShelf { view }, logger: Logger(label: "test"),
        onRunning: { number in port.number.withLock { $0 = number } })
      group.addTask { try await server.run() }
      try await untilTrue { port.number.withLock { $0 } != nil }
      try await body(try #require(port.number.withLock { $0 }))
      group.cancelAll()
    }
  }

  @Test(arguments: [
    ("us read\n", "ready up 100%\n"), ("us write\n", "ready down #component_failed\n"), ("read\n", "ready up 100%\n"),
    ("eu\n", "ready up 100%\n"), ("\n", "ready down #component_failed\n"), ("", "ready down #component_failed\n"),
    ("ap\n", "ready down #unknown_region\n"), ("us read write\n", "ready down #bad_question\n"),
    ("eu write\r\n and more\n", "ready up 100%\n"),
    (String(repeating: "a", count: 5000), "ready down #bad_question\n"),
  ])
  func lines(question: String, line: String) async throws {
    try await serving { port in
      let answer = try await RawConnection.exchange(port: port, question)
      #expect(answer == line)
    }
  }

  @Test func clientsThatOnlyHoldConnectionsAreNotWaitedFor() async throws {
    try await serving { port in
      var held: [RawConnection] = []
      for _ in 0..<300 { held.append(try await RawConnection.open(port: port)) }
      try await untilTrue { [held] in held.allSatisfy(\.isClosed) }
      let answer = try await RawConnection.exchange(port: port, "eu\n")
      #expect(answer == "ready up 100%\n")
    }
  }
}
