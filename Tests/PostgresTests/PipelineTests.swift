import Testing

@testable import Postgres

// Needs a server: skipped without MERIDIAN_TEST_POSTGRES, failing without it in CI.
@Suite("Pipelined reads", .enabled(if: TestDatabase.isUsable))
struct PipelineTests {
  @Test("in a batch with errors every other read succeeds and the errors reach their own callers")
  func errorsInBatch() async throws {
    try await TestDatabase.withClient("pipeline-errors") {
      $0.pipelineConnections = 1
    } _: { client async throws in
      // Warms the connection, so that what follows travels in few batches.
      _ = try await client.read("SELECT 1")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<200 {
          group.addTask {
            if number % 10 == 3 {
              let error = try await failure { try await client.read("SELECT 1 / $1::int AS n", [0]) }
              #expect(error.sqlState == "22012")
            } else if number % 10 == 7 {
              let error = try await failure { try await client.read("SELECT missing_\(number)") }
              #expect(error.sqlState == "42703")
            } else {
              let result = try await client.read("SELECT $1::int AS n", [.int(number)])
              #expect(try result.first?.int("n") == Int64(number))
            }
          }
        }
        try await group.waitForAll()
      }
      // The connection's thread counts its batch off after it has woken the last caller.
      #expect(try await eventually { client.statistics.readsOutstanding == 0 })
    }
  }

  @Test("64 callers in a closed loop never leave a queued read asleep")
  func sustained() async throws {
    try await TestDatabase.withClient("pipeline-sustained") { client async throws in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for caller in 0..<64 {
          group.addTask {
            for round in 0..<200 {
              let result = try await client.read("SELECT $1::int AS n", [.int(caller * 1000 + round)])
              #expect(try result.first?.int("n") == Int64(caller * 1000 + round))
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("reads survive the loss of their connection")
  func connectionLoss() async throws {
    try await TestDatabase.withClient("pipeline-loss") { client async throws in
      for round in 0..<5 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<50 {
            group.addTask {
              let result = try await client.read("SELECT $1::int AS n", [.int(number)])
              #expect(try result.first?.int("n") == Int64(number))
            }
          }
          group.addTask {
            // One kill per round: a read is sent at most twice.
            _ = try await client.query(
              """
              SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = 'pipeline-loss' AND pid <> pg_backend_pid() AND $1::int >= 0
              """, [.int(round)])
          }
          try await group.waitForAll()
        }
      }
    }
  }

  @Test("health is a round trip that tells whether the server takes writes")
  func health() async throws {
    try await TestDatabase.withClient("health") { client async throws in
      let health = try await client.health(deadline: .seconds(15))
      #expect(!health.isReadOnly)
      #expect(health.roundTrip > .zero && health.roundTrip < .seconds(15))
    }
  }

  @Test("notices reach the receiver")
  func notices() async throws {
    let seen = Locked<[PostgresNotice]>([])
    try await TestDatabase.withClient("notices") {
      $0.onNotice = { notice in seen.withLock { $0.append(notice) } }
    } _: { client async throws in
      try await client.executeScript("DO $$ BEGIN RAISE NOTICE 'careful'; END $$")
      #expect(client.statistics.notices == 1)
    }
    #expect(seen.withLock { $0 } == [PostgresNotice(severity: "NOTICE", sqlState: "00000", message: "careful")])
  }
}
