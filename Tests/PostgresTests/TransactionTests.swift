import Glibc
import Testing

@testable import Postgres

// Needs a server: skipped without MERIDIAN_TEST_POSTGRES, failing without it in CI.
@Suite("Transactions", .enabled(if: TestDatabase.isUsable))
struct TransactionTests {
  private struct Refusal: Error {}

  private func withTable<T: Sendable>(
    _ table: String, _ body: (PostgresClient) async throws -> T
  ) async throws -> T {
    try await TestDatabase.withClient(table) { client async throws in
      try await client.executeScript("DROP TABLE IF EXISTS \(table); CREATE TABLE \(table) (n int PRIMARY KEY)")
      let value = try await body(client)
      try await client.executeScript("DROP TABLE \(table)")
      return value
    }
  }

  private func count(_ client: PostgresClient, _ table: String) async throws -> Int64 {
    try await client.query("SELECT count(*) AS n FROM \(table)").rows[0].int("n")
  }

  @Test("commits what the body did and returns its value")
  func commit() async throws {
    try await withTable("tx_commit") { client async throws in
      let rows = try await client.transaction { transaction async throws in
        let one = try await transaction.query("INSERT INTO tx_commit VALUES ($1)", [1])
        let two = try await transaction.batch([
          PostgresStatement("INSERT INTO tx_commit VALUES ($1)", [2]),
          PostgresStatement("INSERT INTO tx_commit VALUES ($1) RETURNING n", [3]),
        ])
        #expect(try two[1].first?.int("n") == 3)
        return one.affectedRows + two[0].affectedRows
      }
      #expect(rows == 2)
      #expect(try await count(client, "tx_commit") == 3)
    }
  }

  @Test("rolls back when the body throws, and when its task is cancelled")
  func rollback() async throws {
    try await withTable("tx_rollback") { client async throws in
      await #expect(throws: Refusal.self) {
        try await client.transaction { transaction async throws in
          _ = try await transaction.query("INSERT INTO tx_rollback VALUES (1)")
          throw Refusal()
        }
      }
      let cancelled = Task {
        try await failure {
          try await client.transaction { transaction async throws in
            _ = try await transaction.query("INSERT INTO tx_rollback VALUES (2)")
            _ = try await transaction.query("SELECT pg_sleep(10)")
          }
        }
      }
      #expect(
        try await eventually {
          try await client.read(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'tx_rollback' AND query LIKE 'SELECT pg_sleep%'"
          ).rows.count == 1
        })
      cancelled.cancel()
      #expect(try await cancelled.value == .cancelled)
      #expect(try await count(client, "tx_rollback") == 0)
      #expect(client.statistics.inUse == 0)
    }
  }

  @Test("a swallowed error does not turn a rolled-back transaction into a success")
  func swallowedError() async throws {
    try await withTable("tx_swallow") { client async throws in
      let error = try await failure {
        try await client.transaction { transaction async throws in
          _ = try await transaction.query("INSERT INTO tx_swallow VALUES (1)")
          let duplicate = try await failure { try await transaction.query("INSERT INTO tx_swallow VALUES (1)") }
          #expect(duplicate.isUniqueViolation && duplicate.constraint == "tx_swallow_pkey")
        }
      }
      #expect(error.sqlState == "25P02")
      #expect(try await count(client, "tx_swallow") == 0)
    }
  }

  @Test("a handle that escapes its body is closed")
  func escapedHandle() async throws {
    try await TestDatabase.withClient("tx_escape") { client async throws in
      let escaped = try await client.transaction { transaction async throws in
        _ = try await transaction.query("SELECT 1")
        return transaction
      }
      #expect(try await failure { try await escaped.query("SELECT 1") } == .closed)
    }
  }

  @Test("a session killed in mid-transaction is a lost connection, and nothing was written")
  func killedMidway() async throws {
    try await withTable("tx_killed") { client async throws in
      let error = try await failure {
        try await client.transaction { transaction async throws in
          let row = try await transaction.query("INSERT INTO tx_killed VALUES (1) RETURNING pg_backend_pid() AS pid")
            .rows[0]
          _ = try await client.query("SELECT pg_terminate_backend($1)", [.int(try row.int("pid"))])
          _ = try await transaction.query("SELECT 1")
        }
      }
      guard case .connectionLost = error else {
        Issue.record("unexpected \(error)")
        return
      }
      #expect(error.isRetryable)
      #expect(try await count(client, "tx_killed") == 0)
    }
  }

  @Test("a session killed before COMMIT is sent is not an unknown outcome")
  func killedBeforeCommit() async throws {
    try await withTable("tx_precommit") { client async throws in
      let error = try await failure {
        try await client.transaction { transaction async throws in
          let row = try await transaction.query(
            "INSERT INTO tx_precommit VALUES (1) RETURNING pg_backend_pid() AS pid"
          ).rows[0]
          let pid = try row.int("pid")
          _ = try await client.query("SELECT pg_terminate_backend($1)", [.int(pid)])
          // The server leaves pg_stat_activity before it closes the socket: only the end of its process says that the
          // close has reached this side.
          #expect(try await eventually { kill(pid_t(pid), 0) == -1 && errno == ESRCH })
        }
      }
      if case .connectionLost = error {} else { Issue.record("unexpected \(error)") }
    }
  }

  @Test("a session killed while COMMIT runs is an unknown outcome")
  func killedInCommit() async throws {
    try await withTable("tx_unknown") { client async throws in
      // A deferred constraint trigger makes COMMIT itself take long.
      try await client.executeScript(
        """
        CREATE OR REPLACE FUNCTION tx_unknown_wait() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN PERFORM pg_sleep(15); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON tx_unknown DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION tx_unknown_wait();
        """)
      let pid = Locked<Int64>(0)
      async let outcome = failure {
        try await client.transaction(PostgresTransactionOptions(retries: 3)) { transaction async throws in
          let row = try await transaction.query("INSERT INTO tx_unknown VALUES (1) RETURNING pg_backend_pid() AS pid")
            .rows[0]
          let value = try row.int("pid")
          pid.withLock { $0 = value }
        }
      }
      #expect(
        try await eventually {
          try await client.query(
            "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query = 'COMMIT' AND state = 'active'",
            [.int(pid.withLock { $0 })]
          ).rows.count == 1
        })
      _ = try await client.query("SELECT pg_terminate_backend($1)", [.int(pid.withLock { $0 })])
      #expect(try await outcome == .outcomeUnknown)
      #expect(try await count(client, "tx_unknown") == 0)
      try await client.executeScript("DROP FUNCTION tx_unknown_wait CASCADE")
    }
  }

  @Test("colliding serializable transactions are run again until all are through")
  func retries() async throws {
    try await withTable("tx_retry") { client async throws in
      _ = try await client.query("INSERT INTO tx_retry VALUES (0)")
      let options = PostgresTransactionOptions(isolation: .serializable, retries: 3)
      let conflicts = Locked(0)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<3 {
          group.addTask {
            do {
              try await client.transaction(options) { transaction async throws in
                let n = try await transaction.query("SELECT n FROM tx_retry").rows[0].int("n")
                conflicts.withLock { $0 += 1 }
                _ = try await transaction.query("UPDATE tx_retry SET n = $1", [.int(n + 1)])
              }
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(try await client.query("SELECT n FROM tx_retry").first?.int("n") == 3)
      #expect(conflicts.withLock { $0 } >= 3)
    }
  }

  @Test("a read-only transaction refuses writes and keeps its session")
  func readOnly() async throws {
    try await withTable("tx_readonly") { client async throws in
      let error = try await failure {
        try await client.transaction(PostgresTransactionOptions(isReadOnly: true)) { transaction async throws in
          try await transaction.query("INSERT INTO tx_readonly VALUES (1)")
        }
      }
      #expect(error.isReadOnly)
      #expect(client.statistics.discarded == 0)
    }
  }

  @Test("a script runs inside a transaction and is rolled back with it")
  func script() async throws {
    try await TestDatabase.withClient("tx_script") { client async throws in
      await #expect(throws: Refusal.self) {
        try await client.transaction { transaction async throws in
          try await transaction.executeScript("CREATE TABLE tx_script (n int); INSERT INTO tx_script VALUES (1), (2)")
          #expect(try await transaction.query("SELECT count(*) AS n FROM tx_script").first?.int("n") == 2)
          throw Refusal()
        }
      }
      let missing = try await client.query("SELECT to_regclass('tx_script') IS NULL AS gone")
      #expect(try missing.first?.bool("gone") == true)
      let error = try await failure { try await client.executeScript("SELECT 1; SELECT nonsense; SELECT 2") }
      #expect(error.sqlState == "42703")
      #expect(try await client.query("SELECT 1 AS n").first?.int("n") == 1)
    }
  }
}
