import Testing

@testable import Postgres

/// Loss of the primary, with two real servers.
// Needs PostgreSQL's server programs: skipped without them, failing without them in CI.
@Suite("Failover to a promoted standby", .enabled(if: PostgresPair.isUsable), .serialized)
struct FailoverTests {
  private func client(_ pair: PostgresPair) -> PostgresClient {
    var configuration = PostgresConfiguration(uri: pair.uri, applicationName: "failover")
    configuration.poolSize = 4
    return PostgresClient(configuration)
  }

  /// Writes numbers until told to stop, each in a transaction of its own.
  ///
  /// - Returns: the numbers whose commit was confirmed.
  private func write(_ client: PostgresClient, from first: Int, while isWanted: Locked<Bool>) async throws -> [Int] {
    var confirmed: [Int] = []
    var number = first
    while isWanted.withLock({ $0 }) {
      number += 1
      do {
        let value = number
        try await client.transaction { transaction in
          _ = try await transaction.query("INSERT INTO written VALUES ($1)", [.int(value)])
        }
        confirmed.append(value)
      } catch let error as PostgresError {
        // Whatever it was, a new number is written next: an unknown outcome is not repeated.
        #expect(error.isRetryable || error == .outcomeUnknown || error == .deadlineExceeded, "\(error)")
        try await Task.sleep(for: .milliseconds(5))
      }
    }
    return confirmed
  }

  private func server(_ client: PostgresClient) async throws -> Int {
    try await client.query("SELECT inet_server_port()::int AS port").first.map { Int(try $0.int("port")) } ?? 0
  }

  @Test("after the primary's death the pool and the lanes find the promoted standby, and nothing confirmed is lost")
  func killed() async throws {
    let pair = try PostgresPair()
    let client = client(pair)
    try await client.executeScript("CREATE TABLE written (n int PRIMARY KEY)")
    #expect(try await server(client) == pair.ports[0])
    let isWanted = Locked(true)
    let confirmed = try await withThrowingTaskGroup(of: [Int].self) { group in
      for writer in 0..<4 {
        group.addTask { try await write(client, from: writer * 1_000_000, while: isWanted) }
      }
      #expect(
        try await eventually { try await client.read("SELECT count(*) AS n FROM written").first?.int("n") ?? 0 > 50 })
      try pair.kill(0)
      try pair.promote(1)
      let isBack = try await eventually(within: .seconds(15)) {
        // Refused or lost while nobody is the primary: asked again until the time is over.
        (try? await client.query("INSERT INTO written VALUES (-1) ON CONFLICT DO NOTHING")) != nil
      }
      #expect(isBack)
      #expect(try await eventually { (try? await client.read("SELECT 1 AS n")) != nil })
      let after = try await client.query("SELECT count(*) AS n FROM written").first?.int("n") ?? 0
      #expect(
        try await eventually {
          try await client.query("SELECT count(*) AS n FROM written").first?.int("n") ?? 0 > after
        })
      isWanted.withLock { $0 = false }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(try await server(client) == pair.ports[1])
    #expect(client.statistics.primaryMoves == 1)
    let found = try await client.query("SELECT n FROM written")
    let numbers = Set(try found.rows.map { Int(try $0.int("n")) })
    #expect(confirmed.count > 50 && confirmed.allSatisfy(numbers.contains))
    // The old primary comes back by itself and takes writes again: nobody who knows better may listen to it.
    try pair.start(0)
    for _ in 0..<8 { try await client.withConnection { _ = try await $0.query("SELECT 1") } }
    #expect(try await server(client) == pair.ports[1])
    await client.close()
    let newcomer = self.client(pair)
    #expect(try await server(newcomer) == pair.ports[1])
    await newcomer.close()
  }

  @Test("a frozen primary is left as soon as another is promoted, also by calls that wait for its answer")
  func frozen() async throws {
    let pair = try PostgresPair()
    let client = client(pair)
    try await client.executeScript("CREATE TABLE written (n int PRIMARY KEY)")
    _ = try await client.read("SELECT 1")
    try pair.freeze(0)
    // More callers than sessions: all sessions hang, and the rest wait for one.
    let errors = await withTaskGroup(of: PostgresError?.self) { group in
      for number in 0..<8 {
        group.addTask {
          do throws(PostgresError) {
            _ = try await client.query("INSERT INTO written VALUES ($1)", [.int(number)])
            return nil
          } catch {
            return error
          }
        }
      }
      group.addTask {
        do throws(PostgresError) {
          _ = try await client.read("SELECT 1")
          return nil
        } catch {
          return error
        }
      }
      do { try pair.promote(1) } catch { Issue.record(error) }
      var errors: [PostgresError] = []
      for await error in group { if let error { errors.append(error) } }
      return errors
    }
    for error in errors {
      // A lone statement that was sent may have taken effect: it is reported, never repeated.
      guard case .connectionLost = error else {
        #expect(error == .deadlineExceeded)
        continue
      }
    }
    #expect(try await eventually { (try? await server(client)) == pair.ports[1] })
    #expect(client.statistics.primaryMoves == 1)
    try pair.thaw(0)
    for _ in 0..<4 { #expect(try await server(client) == pair.ports[1]) }
    await client.close()
  }

  @Test("a target is split by host, with its own port")
  func splitting() throws {
    let target = try ConnectionTarget(PostgresConfiguration(uri: "postgresql://u@a:1,b,c:3/d"))
    #expect(target.wantsPrimary)
    #expect(
      target.perHost.map(\.hosts) == [
        [.init(name: "a", port: "1")], [.init(name: "b", port: "5432")], [.init(name: "c", port: "3")],
      ])
    let one = try ConnectionTarget(
      PostgresConfiguration(uri: "postgresql://u@a,b:7/d?target_session_attrs=prefer-standby"))
    #expect(one.perHost.count == 1 && one.perHost[0].hosts.count == 2)
    let shared = try ConnectionTarget(
      PostgresConfiguration(uri: "postgresql:///d?host=a,b&port=7&target_session_attrs=any"))
    #expect(shared.perHost.map { $0.hosts.first?.port } == ["7", "7"] && !shared.wantsPrimary)
  }
}
