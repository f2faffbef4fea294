import Testing

@testable import Postgres

// Needs a server: skipped without MERIDIAN_TEST_POSTGRES, failing without it in CI.
@Suite("Pool", .enabled(if: TestDatabase.isUsable))
struct PoolTests {
  @Test("64 callers share 8 sessions and each gets its own answer")
  func concurrency() async throws {
    try await TestDatabase.withClient("pool-concurrency") { client async throws in
      let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
        for number in 0..<64 {
          group.addTask {
            var sum: Int64 = 0
            for round in 0..<20 {
              let result = try await client.query("SELECT $1::bigint AS n", [.int(number * 100 + round)])
              let answer = try result.rows[0].int("n")
              #expect(answer == Int64(number * 100 + round))
              sum += answer
            }
            return sum
          }
        }
        return try await group.reduce(0, +)
      }
      // Σ over callers of (20 · 100 · caller + Σ of 0 … 19).
      let expected: Int64 = 2000 * (63 * 64 / 2) + 64 * 190
      #expect(sum == expected)
      let statistics = client.statistics
      #expect(statistics.opened <= 8 && statistics.opened >= 1)
      #expect(statistics.inUse == 0 && statistics.waiting == 0 && statistics.idle == statistics.opened)
    }
  }

  @Test("the wait queue is bounded and an acquire timeout ends a wait")
  func waitQueue() async throws {
    try await TestDatabase.withClient("pool-queue") {
      $0.poolSize = 1
      $0.maxWaiters = 2
      $0.acquireTimeout = .milliseconds(1500)
    } _: { client async throws in
      try await client.withConnection { _ async throws in
        async let first = failure { try await client.query("SELECT 1") }
        async let second = failure { try await client.query("SELECT 1") }
        #expect(try await eventually { client.statistics.waiting == 2 })
        let start = ContinuousClock.now
        #expect(try await failure { try await client.query("SELECT 1") } == .poolExhausted)
        #expect(start.duration(to: .now) < .seconds(1))
        #expect(try await first == .deadlineExceeded)
        #expect(try await second == .deadlineExceeded)
      }
      #expect(try await client.query("SELECT 1 AS n").first?.int("n") == 1)
    }
  }

  @Test("a cancelled waiter leaves the queue and takes no session with it")
  func cancelledWaiter() async throws {
    try await TestDatabase.withClient("pool-cancel") {
      $0.poolSize = 1
    } _: { client async throws in
      try await client.withConnection { _ async throws in
        let waiting = Task { try await failure { try await client.query("SELECT 1") } }
        #expect(try await eventually { client.statistics.waiting == 1 })
        waiting.cancel()
        #expect(try await waiting.value == .cancelled)
      }
      #expect(try await client.query("SELECT 1 AS n").first?.int("n") == 1)
    }
  }

  @Test("prepared statements are kept per session up to the bound")
  func statementCache() async throws {
    try await TestDatabase.withClient("pool-statements") {
      $0.poolSize = 1
      $0.maxPreparedStatements = 10
    } _: { client async throws in
      for number in 0..<50 {
        let result = try await client.query("SELECT \(number) + $1::int AS n", [1])
        #expect(try result.first?.int("n") == Int64(number + 1))
      }
      let kept = try await client.query("SELECT count(*) AS n FROM pg_prepared_statements")
      #expect(try kept.first?.int("n") == 10)
      _ = try await failure { try await client.query("SELECT no_such_column") }
      let after = try await client.query("SELECT count(*) AS n FROM pg_prepared_statements").rows[0].int("n")
      #expect(after <= 10)
    }
  }

  @Test("a statement whose result type changed under it is prepared anew")
  func stalePlan() async throws {
    try await TestDatabase.withClient("pool-stale") {
      $0.poolSize = 1
    } _: { client async throws in
      try await client.executeScript(
        "DROP TABLE IF EXISTS stale; CREATE TABLE stale (a int); INSERT INTO stale VALUES (7)")
      #expect(try await client.query("SELECT * FROM stale").first?.values == [.int(7)])
      #expect(try await client.read("SELECT * FROM stale").first?.values == [.int(7)])
      try await client.executeScript("ALTER TABLE stale ADD COLUMN b text DEFAULT 'x'")
      #expect(try await client.query("SELECT * FROM stale").first?.values == [.int(7), .text("x")])
      #expect(try await client.read("SELECT * FROM stale").first?.values == [.int(7), .text("x")])
      try await client.executeScript("DROP TABLE stale")
    }
  }

  @Test("a dedicated connection keeps a session lock and gives it up at the end")
  func advisoryLock() async throws {
    try await TestDatabase.withClient("pool-dedicated") { client async throws in
      try await client.withConnection { connection async throws in
        _ = try await connection.query("SELECT pg_advisory_lock(771177)")
        let other = try await client.query("SELECT pg_try_advisory_lock(771177) AS got")
        #expect(try other.first?.bool("got") == false)
      }
      let isFree = try await eventually {
        try await client.transaction { transaction async throws in
          try await transaction.query("SELECT pg_try_advisory_xact_lock(771177) AS got").rows[0].bool("got")
        }
      }
      #expect(isFree)
    }
  }

  @Test("close waits for work in flight and refuses what comes after")
  func close() async throws {
    let client = PostgresClient(try TestDatabase.configuration("pool-close"))
    async let slow = client.query("SELECT 5 AS n FROM pg_sleep(0.3)")
    #expect(try await eventually { client.statistics.inUse == 1 })
    await client.close()
    #expect(client.statistics.inUse == 0 && client.statistics.idle == 0)
    #expect(try await slow.first?.int("n") == 5)
    #expect(try await failure { try await client.query("SELECT 1") } == .closed)
    #expect(try await failure { try await client.read("SELECT 1") } == .closed)
  }
}
