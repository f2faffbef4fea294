import Testing

@testable import Postgres

// Needs a server: skipped without MERIDIAN_TEST_POSTGRES, failing without it in CI.
@Suite("Deadlines and cancellation", .enabled(if: TestDatabase.isUsable))
struct DeadlineTests {
  private func running(_ client: PostgresClient, _ marker: String) async throws -> Int {
    try await client.query(
      "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()",
      [.text("%\(marker)%")]
    ).rows.count
  }

  @Test("a deadline ends the statement on the server and the session lives on")
  func deadline() async throws {
    try await TestDatabase.withClient("deadline") { client async throws in
      let start = ContinuousClock.now
      let error = try await failure {
        try await client.query("SELECT pg_sleep(15) /* deadline-marker */", [], deadline: .milliseconds(200))
      }
      #expect(error == .deadlineExceeded)
      #expect(start.duration(to: .now) < .seconds(2))
      #expect(try await eventually(within: .seconds(2)) { try await running(client, "deadline-marker") == 0 })
      #expect(try await client.query("SELECT 1 AS n").first?.int("n") == 1)
      #expect(client.statistics.discarded == 0)
    }
  }

  @Test("cancelling the task ends the statement on the server")
  func cancellation() async throws {
    try await TestDatabase.withClient("cancellation") { client async throws in
      let slow = Task { try await failure { try await client.query("SELECT pg_sleep(15) /* cancel-marker */") } }
      #expect(try await eventually { try await running(client, "cancel-marker") == 1 })
      slow.cancel()
      let start = ContinuousClock.now
      #expect(try await slow.value == .cancelled)
      #expect(start.duration(to: .now) < .seconds(1))
      #expect(try await running(client, "cancel-marker") == 0)
    }
  }

  @Test("the server's own statement timeout is a deadline too")
  func statementTimeout() async throws {
    try await TestDatabase.withClient("statement-timeout") {
      $0.statementTimeout = .milliseconds(200)
    } _: { client async throws in
      #expect(try await failure { try await client.query("SELECT pg_sleep(15)") } == .deadlineExceeded)
    }
  }

  @Test("a lock timeout is a server error that may be retried")
  func lockTimeout() async throws {
    try await TestDatabase.withClient("lock-timeout") {
      $0.lockTimeout = .milliseconds(100)
    } _: { client async throws in
      try await client.transaction { holder async throws in
        _ = try await holder.query("SELECT pg_advisory_xact_lock(55003)")
        let error = try await failure { try await client.query("SELECT pg_advisory_xact_lock(55003)") }
        #expect(error.isLockTimeout && error.isRetryable)
      }
    }
  }

  @Test("a read past its deadline, or cancelled, is stopped and its neighbours are answered")
  func reads() async throws {
    try await TestDatabase.withClient("read-deadline") {
      $0.pipelineConnections = 1
    } _: { client async throws in
      let cancelled = Task {
        try await failure { try await client.read("SELECT pg_sleep(15) /* read-cancel */") }
      }
      #expect(try await eventually { try await running(client, "read-cancel") == 1 })
      async let neighbour = client.read("SELECT 7 AS n")
      cancelled.cancel()
      #expect(try await cancelled.value == .cancelled)
      #expect(try await neighbour.first?.int("n") == 7)
      #expect(try await running(client, "read-cancel") == 0)

      let start = ContinuousClock.now
      async let late = failure {
        try await client.read("SELECT pg_sleep(15) /* read-late */", [], deadline: .milliseconds(200))
      }
      async let other = client.read("SELECT 8 AS n")
      #expect(try await late == .deadlineExceeded)
      #expect(try await other.first?.int("n") == 8)
      #expect(start.duration(to: .now) < .seconds(3))
    }
  }
}
