import Shared
import Synchronization
import TestSupport
import Testing

@testable import SharedStorage

@Suite("Credentials are renewed ahead of their end, once for all who ask", .timeLimit(.minutes(1)))
struct CredentialsKeeperTests {
  /// Gives what the test says, one answer after another, and counts.
  private final class ScriptedSource: CredentialsSource {
    private let answers: Mutex<[Result<StoreCredentials, StorageError>]>
    private let fetches = Mutex(0)
    let gate: Gate?
    let rereadSeconds: Int64?
    let identity = "scripted"

    init(_ answers: [Result<StoreCredentials, StorageError>], gate: Gate? = nil, rereadSeconds: Int64? = nil) {
      self.answers = Mutex(answers)
      self.gate = gate
      self.rereadSeconds = rereadSeconds
    }

    var count: Int { fetches.withLock { $0 } }

    func fetch() async throws(StorageError) -> StoreCredentials {
      fetches.withLock { $0 += 1 }
      await gate?.pass()
      return try answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }.get()
    }
  }

  private final class TestClock: Sendable {
    private let seconds = Mutex<Int64>(1_000)
    var now: Int64 { seconds.withLock { $0 } }
    func advance(_ by: Int64) { seconds.withLock { $0 += by } }
  }

  private func pair(_ name: String, until end: Int64? = nil) -> StoreCredentials {
    StoreCredentials(accessKey: name, secretKey: Secret("s"), sessionToken: Secret("t"), expiresAt: end)
  }

  private func keeper(_ source: ScriptedSource, _ clock: TestClock) -> CredentialsKeeper {
    CredentialsKeeper(source, now: { clock.now })
  }

  @Test func manyCallersMakeOneFetch() async throws {
    let gate = Gate()
    let source = ScriptedSource([.success(pair("A", until: 10_000))], gate: gate)
    let keeper = keeper(source, TestClock())
    #expect(keeper.ready(forSeconds: 60) == nil)
    try await withThrowingTaskGroup(of: StoreCredentials.self) { group in
      for _ in 0..<50 { group.addTask { try await keeper.current() } }
      try await untilTrue { gate.waiting == 1 }
      gate.open()
      for try await found in group { #expect(found.accessKey == "A") }
    }
    #expect(source.count == 1)
    #expect(keeper.ready(forSeconds: 60)?.accessKey == "A")
  }

  @Test func renewalComesBeforeTheEndAndNobodyWaitsForIt() async throws {
    let clock = TestClock()
    let gate = Gate()
    gate.open()
    let source = ScriptedSource([.success(pair("A", until: 2_000)), .success(pair("B", until: 9_000))], gate: gate)
    let keeper = keeper(source, clock)
    #expect(try await keeper.current().accessKey == "A")
    clock.advance(600)
    #expect(try await keeper.current().accessKey == "A")
    #expect(source.count == 1)
    // 299 seconds before the end: the old ones are given out while new ones are fetched.
    clock.advance(101)
    #expect(try await keeper.current().accessKey == "A")
    try await untilTrue { try await keeper.current().accessKey == "B" }
    #expect(source.count == 2)
  }

  @Test func aFailedRenewalIsTriedAgainAfterAPause() async throws {
    let clock = TestClock()
    let lost = StorageError.unreachable(detail: "no connection")
    let source = ScriptedSource([.success(pair("A", until: 2_000)), .failure(lost), .success(pair("B", until: 9_000))])
    let keeper = keeper(source, clock)
    #expect(try await keeper.current().accessKey == "A")
    clock.advance(800)
    #expect(try await keeper.current().accessKey == "A")
    try await untilTrue { source.count == 2 }
    for _ in 0..<20 { #expect(try await keeper.current().accessKey == "A") }
    #expect(source.count == 2)
    clock.advance(5)
    #expect(try await keeper.current().accessKey == "A")
    try await untilTrue { try await keeper.current().accessKey == "B" }
    #expect(source.count == 3)
  }

  @Test func withoutCredentialsTheFailureIsToldAndNotAskedForAgainAtOnce() async throws {
    let clock = TestClock()
    let lost = StorageError.misconfigured(reason: "none")
    let source = ScriptedSource([.failure(lost), .success(pair("A"))])
    let keeper = keeper(source, clock)
    for _ in 0..<10 { await #expect(throws: lost) { _ = try await keeper.current() } }
    #expect(source.count == 1)
    clock.advance(5)
    #expect(try await keeper.current().accessKey == "A")
  }

  @Test func endedCredentialsAreNoCredentials() async throws {
    let clock = TestClock()
    let keeper = keeper(ScriptedSource([.success(pair("A", until: 1_010))]), clock)
    await #expect(throws: StorageError.accessDenied(code: "ExpiredCredentials")) { _ = try await keeper.current() }
  }

  @Test func aRefusalBringsNewerOnes() async throws {
    let clock = TestClock()
    let source = ScriptedSource([.success(pair("A")), .success(pair("A")), .success(pair("B"))])
    let keeper = keeper(source, clock)
    let first = try await keeper.current()
    clock.advance(10)
    // The source still has the same.
    #expect(await keeper.replacement(for: first) == nil)
    #expect(await keeper.replacement(for: first) == nil)
    #expect(source.count == 2)
    clock.advance(10)
    #expect(await keeper.replacement(for: first)?.accessKey == "B")
    // Somebody else's refusal of the old ones needs no further fetch.
    #expect(await keeper.replacement(for: first)?.accessKey == "B")
    #expect(source.count == 3)
    let fixed = CredentialsKeeper(pair("C"))
    #expect(await fixed.replacement(for: pair("C")) == nil)
    #expect(try await fixed.current().accessKey == "C")
  }

  @Test func aSourceIsReadAgainWhenItSaysSo() async throws {
    let clock = TestClock()
    let source = ScriptedSource([.success(pair("A")), .success(pair("B"))], rereadSeconds: 60)
    let keeper = keeper(source, clock)
    #expect(try await keeper.current().accessKey == "A")
    clock.advance(59)
    #expect(try await keeper.current().accessKey == "A")
    #expect(source.count == 1)
    clock.advance(1)
    try await untilTrue { try await keeper.current().accessKey == "B" }
  }

  @Test func aCancelledCallerEndsAndTheOthersGetTheirAnswer() async throws {
    let gate = Gate()
    let source = ScriptedSource([.success(pair("A"))], gate: gate)
    let keeper = keeper(source, TestClock())
    let cancelled = Task { () -> StorageError? in
      do throws(StorageError) {
        _ = try await keeper.current()
        return nil
      } catch {
        return error
      }
    }
    try await untilTrue { gate.waiting == 1 }
    let other = Task { try await keeper.current() }
    cancelled.cancel()
    #expect(await cancelled.value == .cancelled)
    gate.open()
    #expect(try await other.value.accessKey == "A")
    #expect(source.count == 1)
  }

  @Test func nothingOfThemIsShown() {
    let shown = pair("AKIAVISIBLE")
    #expect("\(shown)" == "<credentials>")
    var text = ""
    dump(shown, to: &text)
    #expect(!text.contains("AKIAVISIBLE"))
  }
}
