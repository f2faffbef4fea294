import Testing

@testable import Postgres

// Needs a server: skipped without MERIDIAN_TEST_POSTGRES, failing without it in CI.
@Suite("Connecting and reconnecting", .enabled(if: TestDatabase.isUsable))
struct ReconnectTests {
  @Test("after every session is terminated the next calls work")
  func terminateAll() async throws {
    try await TestDatabase.withClient("terminate-all") { client async throws in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 { group.addTask { _ = try await client.query("SELECT pg_sleep(0.1)") } }
        try await group.waitForAll()
      }
      #expect(try await eventually { client.statistics.opening == 0 && client.statistics.inUse == 0 })
      let opened = client.statistics.opened
      #expect(opened >= 1 && opened == client.statistics.idle)
      try await TestDatabase.withClient("terminator") { killer async throws in
        _ = try await killer.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'terminate-all'")
      }
      // The sessions' own threads see the server hang up; nobody has to run into a dead one.
      #expect(try await eventually { client.statistics.idle == 0 })
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<16 {
          group.addTask {
            let result = try await client.query("SELECT $1::int AS n", [.int(number)])
            #expect(try result.first?.int("n") == Int64(number))
          }
        }
        try await group.waitForAll()
      }
      #expect(client.statistics.opened > opened)
    }
  }

  @Test("a wrong password is one clear line, at once, without the password")
  func wrongPassword() async throws {
    let uri = try TestDatabase.uri(user: "postgres", password: "wrong-secret-word", database: "postgres")
    try await TestDatabase.withClient("wrong-password") {
      $0.uri = uri
      $0.acquireTimeout = .seconds(60)
    } _: { client async throws in
      let start = ContinuousClock.now
      for call in 0..<2 {
        let error = try await failure {
          call == 0 ? try await client.query("SELECT 1") : try await client.read("SELECT 1")
        }
        guard case .connectionFailed(let message) = error else {
          Issue.record("unexpected \(error)")
          return
        }
        #expect(message.contains("password authentication failed for user \"postgres\""))
        #expect(!message.contains("wrong-secret-word") && !message.contains("\n") && !message.contains("LOCATION"))
        #expect(!"\(error)".contains("wrong-secret-word"))
      }
      #expect(start.duration(to: .now) < .seconds(10))
    }
  }

  @Test("a database that does not exist is refused at once")
  func missingDatabase() async throws {
    let good = try ConnectionTarget(try TestDatabase.configuration("x"))
    let uri = try TestDatabase.uri(
      user: good.settings["user"] ?? "", password: good.settings["password"] ?? "", database: "no_such_database")
    try await TestDatabase.withClient("missing-database") {
      $0.uri = uri
    } _: { client async throws in
      let error = try await failure { try await client.query("SELECT 1") }
      #expect("\(error)".contains("database \"no_such_database\" does not exist"))
    }
  }

  @Test("a server that is down fails callers after the acquire timeout and newcomers at once")
  func serverDown() async throws {
    try await TestDatabase.withClient("server-down") {
      $0.uri = "postgresql://user:secret-word@127.0.0.1:1/none"
      $0.acquireTimeout = .milliseconds(400)
    } _: { client async throws in
      let start = ContinuousClock.now
      async let read = failure { try await client.read("SELECT 1") }
      let error = try await failure { try await client.query("SELECT 1") }
      if case .connectionFailed(let message) = error {
        #expect(message.contains("Connection refused"))
      } else {
        Issue.record("unexpected \(error)")
      }
      if case .connectionFailed = try await read {} else { Issue.record("unexpected error of the read") }
      #expect(start.duration(to: .now) < .seconds(3))
      #expect(client.statistics.failed >= 2)
    }
  }

  @Test("a multi-host URI goes on to the second host when the first is dead, and insists on a writable one")
  func multiHost() async throws {
    let target = try ConnectionTarget(try TestDatabase.configuration("x"))
    let host = try #require(target.hosts.first)
    let user = target.settings["user"] ?? ""
    let password = target.settings["password"] ?? ""
    let uri = "postgresql+psycopg2://\(user):\(password)@127.0.0.1:1,\(host.name):\(host.port)/postgres"
    try await TestDatabase.withClient("multi-host") {
      $0.uri = uri
    } _: { client async throws in
      #expect(try await client.query("SELECT 1 AS n").first?.int("n") == 1)
      #expect(try await client.read("SELECT 1 AS n").first?.int("n") == 1)
    }
    var configuration = try TestDatabase.configuration("multi-host")
    configuration.uri = uri
    #expect(try ConnectionTarget(configuration).settings["target_session_attrs"] == "read-write")
  }

  @Test("a silent first host costs a moment, and no more than its connect timeout")
  func silentHost() async throws {
    let target = try ConnectionTarget(try TestDatabase.configuration("x"))
    let host = try #require(target.hosts.first)
    let listener = try #require(SilentListener())
    let login = "\(target.settings["user"] ?? ""):\(target.settings["password"] ?? "")"
    try await TestDatabase.withClient("silent-host") {
      $0.uri = "postgresql://\(login)@127.0.0.1:\(listener.port),\(host.name):\(host.port)/postgres"
      $0.connectTimeout = .milliseconds(300)
    } _: { client async throws in
      let start = ContinuousClock.now
      #expect(try await client.query("SELECT 1 AS n").first?.int("n") == 1)
      #expect(start.duration(to: .now) >= .milliseconds(200))
    }
    try await TestDatabase.withClient("silent-only") {
      $0.uri = "postgresql://\(login)@127.0.0.1:\(listener.port)/postgres"
      $0.connectTimeout = .milliseconds(200)
      $0.acquireTimeout = .milliseconds(600)
    } _: { client async throws in
      let error = try await failure { try await client.query("SELECT 1") }
      #expect("\(error)".contains("timed out"))
    }
  }

  @Test("a session that turns out read-only is replaced")
  func readOnlySession() async throws {
    try await TestDatabase.withClient("read-only-session") {
      $0.poolSize = 1
    } _: { client async throws in
      try await client.executeScript("CREATE TABLE IF NOT EXISTS ro_probe (n int)")
      _ = try await client.query("SET default_transaction_read_only = on")
      let error = try await failure { try await client.query("INSERT INTO ro_probe VALUES (1)") }
      #expect(error.isReadOnly && error.isRetryable)
      #expect(try await client.query("INSERT INTO ro_probe VALUES (1)").affectedRows == 1)
      #expect(client.statistics.discarded == 1)
      try await client.executeScript("DROP TABLE ro_probe")
    }
  }

  @Test("an idle session past the check age is checked before use")
  func idleCheck() async throws {
    try await TestDatabase.withClient("idle-check") {
      $0.idleCheckAge = .zero
    } _: { client async throws in
      for _ in 0..<3 { #expect(try await client.query("SELECT 1 AS n").first?.int("n") == 1) }
      #expect(client.statistics.opened == 1)
    }
  }
}
