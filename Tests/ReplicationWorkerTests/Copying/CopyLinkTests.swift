import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("A link lets in as many as it should, in order")
struct CopyLinkTests {
  private func link(_ limit: Int) -> CopyLink {
    CopyLink(limits: .init(minimum: 1, initial: limit, maximum: limit), now: { ContinuousClock.now })
  }

  @Test func neverMoreThanTheLimit() async throws {
    let link = link(3)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<100 {
        group.addTask {
          // Nobody cancels here.
          let slot = try? await link.enter()
          await Task.yield()
          #expect(link.inUse <= 3)
          slot?.release()
        }
      }
    }
    #expect(link.inUse == 0 && link.mostInUse == 3)
  }

  @Test func aDroppedSlotComesBackAndASecondReleaseDoesNothing() async throws {
    let link = link(2)
    do { _ = try await link.enter() }
    #expect(link.inUse == 0)
    let slot = try await link.enter()
    slot.release()
    slot.release()
    #expect(link.inUse == 0)
  }

  @Test func whoIsCancelledWhileWaitingTakesNothing() async throws {
    let link = link(1)
    let slot = try await link.enter()
    let waiting = Task { try await link.enter() }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    slot.release()
    #expect(link.inUse == 0)
    _ = try await link.enter()
  }

  @Test func onlyFailuresOfAStoreMakeItNarrower() throws {
    let link = CopyLink(limits: .init(initial: 8), now: { ContinuousClock.now })
    link.failed(.objectMissing(try ObjectKey(parsing: "a/b")))
    link.failed(.cancelled)
    #expect(link.limit == 8)
    link.failed(.slowDown(retryAfter: nil))
    #expect(link.limit == 4)
  }

  @Test func oneLinkForEachPairOfLocations() throws {
    let links = CopyLinks()
    let (us, eu) = (try LocationID(parsing: "us"), try LocationID(parsing: "eu"))
    #expect(links.link(from: us, to: eu) === links.link(from: us, to: eu))
    #expect(links.link(from: us, to: eu) !== links.link(from: eu, to: us))
  }
}
