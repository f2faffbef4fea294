import Logging
import Shared
import Synchronization
import TestSupport
import Testing

@testable import SharedCatalog

/// Where reads are answered while the primary is there, slow, or away (decision 0008).
@Suite("Routing of reads")
struct ReadRoutingTests {
  private static let outage = CatalogError.unavailable(detail: "down", retryAfter: .seconds(1))
  private static let old = [SQLRow([.text("replica")])]
  private static let new = [SQLRow([.text("primary")])]

  /// A primary, a replica and the database that routes between them, with a clock the test moves.
  private final class World: Sendable {
    let primary = ScriptedDatabase(rows: ReadRoutingTests.new)
    let replica: ScriptedDatabase?
    let routed: RoutedSQLDatabase
    private let clock: Clock

    private final class Clock: Sendable {
      let instant = Mutex(ContinuousClock.now)
    }

    init(hasReplica: Bool = true) {
      let clock = Clock()
      let replica = hasReplica ? ScriptedDatabase(rows: ReadRoutingTests.old) : nil
      self.clock = clock
      self.replica = replica
      routed = RoutedSQLDatabase(
        primary: primary, replica: replica, logger: Logger(label: "test"), metrics: MetricsRegistry(),
        now: { clock.instant.withLock { $0 } })
    }

    func pass(_ duration: Duration) { clock.instant.withLock { $0 += duration } }

    func read(_ tolerance: ReadTolerance, _ name: String = "sha256:a") async throws(CatalogError) -> [SQLRow] {
      try await routed.read("SELECT 1", [.text(name)], tolerance, isFound: { !$0.isEmpty })
    }
  }

  @Test("while the primary answers, names are its own, and digests a fresh replica's")
  func healthy() async throws {
    let world = World()
    #expect(try await world.read(.none) == Self.new)
    #expect(try await world.read(.whilePrimaryIsAway) == Self.new)
    #expect(world.replica?.reads.isEmpty == true)
    #expect(try await world.read(.namedByDigest) == Self.old)
    #expect(world.primary.reads == [nil, .seconds(2)])
  }

  @Test("a replica that lags, does not know its lag, or lacks the content, is not believed")
  func lag() async throws {
    for age in [10_000, nil] as [Int64?] {
      let world = World()
      world.replica?.replayAgeMs = age
      #expect(try await world.read(.namedByDigest) == Self.new)
      world.replica?.replayAgeMs = 9_999
      #expect(try await world.read(.namedByDigest) == Self.new)
      world.pass(.seconds(1))
      #expect(try await world.read(.namedByDigest) == Self.old)
    }
    let world = World()
    world.replica?.answer = .success([])
    #expect(try await world.read(.namedByDigest) == Self.new)
  }

  @Test("a replica that is down costs one read and is asked again a second later")
  func replicaDown() async throws {
    let world = World()
    world.replica?.answer = .failure(Self.outage)
    for _ in 0..<3 { #expect(try await world.read(.namedByDigest) == Self.new) }
    #expect(world.replica?.reads.isEmpty == true)
    world.replica?.answer = .success(Self.old)
    world.pass(.seconds(1))
    #expect(try await world.read(.namedByDigest) == Self.old)
  }

  @Test("while the primary is away its replica answers, few reads wait for it, and its return is found")
  func away() async throws {
    let world = World()
    world.replica?.replayAgeMs = 3_600_000
    world.primary.answer = .failure(Self.outage)
    for _ in 0..<10 {
      #expect(try await world.read(.whilePrimaryIsAway) == Self.old)
      #expect(try await world.read(.namedByDigest) == Self.old)
    }
    #expect(world.primary.reads == [.seconds(2)])
    world.pass(.seconds(1))
    for _ in 0..<10 { #expect(try await world.read(.whilePrimaryIsAway) == Self.old) }
    #expect(world.primary.reads == [.seconds(2), .milliseconds(500)])
    world.primary.answer = .success(Self.new)
    #expect(try await world.read(.whilePrimaryIsAway) == Self.old)
    world.pass(.seconds(1))
    #expect(try await world.read(.whilePrimaryIsAway) == Self.new)
    #expect(world.primary.reads.last == .milliseconds(500))
    #expect(try await world.read(.whilePrimaryIsAway) == Self.new)
    #expect(world.primary.reads.last == .seconds(2))
  }

  @Test("what the replica lacks is unavailable while the primary is away, never unknown")
  func missing() async throws {
    let world = World()
    world.primary.answer = .failure(Self.outage)
    world.replica?.answer = .success([])
    for tolerance in [ReadTolerance.none, .whilePrimaryIsAway, .namedByDigest] {
      await #expect { try await world.read(tolerance) } throws: { ($0 as? CatalogError)?.isOutage == true }
    }
  }

  @Test("without a replica what was answered before goes on being answered, for content named by digest")
  func memory() async throws {
    let world = World(hasReplica: false)
    #expect(try await world.read(.namedByDigest) == Self.new)
    #expect(world.primary.reads == [nil])
    world.primary.answer = .failure(Self.outage)
    #expect(try await world.read(.namedByDigest) == Self.new)
    await #expect(throws: Self.outage) { try await world.read(.whilePrimaryIsAway) }
    await #expect(throws: Self.outage) { try await world.read(.namedByDigest, "sha256:other") }
    // A name that was not asked for before may wait for the primary; one that is remembered does not.
    #expect(world.primary.reads == [nil, .seconds(2), nil, nil])
    world.pass(.seconds(3600))
    await #expect(throws: Self.outage) { try await world.read(.namedByDigest) }
  }

  @Test("what was found to be gone is not remembered, and an error that is no outage is an answer")
  func gone() async throws {
    let world = World(hasReplica: false)
    _ = try await world.read(.namedByDigest)
    world.primary.answer = .success([])
    #expect(try await world.read(.namedByDigest).isEmpty)
    world.primary.answer = .failure(Self.outage)
    await #expect(throws: Self.outage) { try await world.read(.namedByDigest) }
    let refused = CatalogError.refused(code: "42P01", detail: "no table")
    let other = World()
    other.primary.answer = .failure(refused)
    await #expect(throws: refused) { try await other.read(.whilePrimaryIsAway) }
  }

  @Test("a deletion made here is seen here: its answers are forgotten and the replica is left alone for its lag")
  func deletion() async throws {
    let world = World()
    #expect(try await world.read(.namedByDigest) == Self.old)
    world.routed.forgetAnswers(about: "sha256:a")
    world.primary.answer = .success([])
    #expect(try await world.read(.namedByDigest).isEmpty)
    world.pass(.seconds(10))
    #expect(try await world.read(.namedByDigest) == Self.old)
  }

  @Test("writes and transactions go to the primary alone, and closing closes both")
  func writes() async throws {
    let world = World()
    _ = try await world.routed.query("INSERT", [])
    await #expect(throws: CatalogError.self) {
      try await world.routed.transaction { (_) throws(CatalogError) in }
    }
    #expect(world.primary.changes == 2 && world.replica?.changes == 0)
    await world.routed.close()
    #expect(world.primary.isClosed && world.replica?.isClosed == true)
  }

  @Test("the memory keeps within its bytes and gives up the least recently used first")
  func bounds() {
    let memory = RecentAnswers(capacityBytes: 100_000)
    let now = ContinuousClock.now
    func question(_ number: Int) -> RecentAnswers.Question {
      RecentAnswers.Question(sql: "SELECT", parameters: [.integer(Int64(number))])
    }
    for number in 0..<1000 {
      memory.keep(Self.new, for: question(number), at: now)
      #expect(memory.answer(to: question(0), at: now) != nil)
      #expect(memory.costBytes <= 100_000)
    }
    #expect(memory.answer(to: question(999), at: now) == Self.new)
    #expect(memory.answer(to: question(1), at: now) == nil)
    memory.keep([SQLRow([.bytes([UInt8](repeating: 0, count: 2000))])], for: question(0), at: now)
    #expect(memory.answer(to: question(0), at: now) == nil)
  }
}
