import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("On a slow link a part is fetched in several ranges at once")
struct PartFetchTests {
  private static let part = Int(CopyFixture.partBytes)

  @Test func anUnknownOrSlowWayDividesAndAQuickOneDoesNot() {
    var sizing = RangeSizing()
    #expect(sizing.pieces(of: 8 << 20) == 4)
    #expect(sizing.pieces(of: 5 << 20) == 2)
    #expect(sizing.pieces(of: 1 << 20) == 1)
    sizing.transferred(8 << 20, in: .milliseconds(40))
    #expect(sizing.pieces(of: 8 << 20) == 1)
    for _ in 0..<20 { sizing.transferred(8 << 20, in: .seconds(4)) }
    #expect(sizing.pieces(of: 8 << 20) == 4)
    // What cannot have been measured changes nothing.
    sizing.transferred(0, in: .zero)
    #expect(sizing.pieces(of: 8 << 20) == 4)
  }

  @Test func betweenThemARangeTakesTheWantedTime() {
    var sizing = RangeSizing()
    sizing.transferred(10 << 20, in: .seconds(1))
    #expect(sizing.pieces(of: 8 << 20) == 2)
  }

  @Test(arguments: [1, 2, 3, 4, 7])
  func dividedRangesAreTheRange(pieces: Int) throws {
    let range = try #require(ByteRange(first: 100, last: 1_122))
    let divided = range.divided(into: pieces)
    #expect(divided.count == pieces && divided.first?.first == 100 && divided.last?.last == 1_122)
    for (left, right) in zip(divided, divided.dropFirst()) { #expect(left.last + 1 == right.first) }
    let tiny = try #require(ByteRange(first: 5, last: 6))
    #expect(tiny.divided(into: 4) == [tiny])
  }

  @Test func rangesOfAPartAreJoinedInOrder() async throws {
    let fixture = try divided()
    let wanted = fixture.bytes(10 * Self.part + 77)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us])
    let gate = Gate()
    fixture.us.before { call async throws(StorageError) in
      // The first range of the second part comes last of all.
      if case .open(let range?) = call, range.first == CopyFixture.partBytes { await gate.pass() }
    }
    async let copy = fixture.copier.copy(job)
    try await untilTrue { fixture.us.opened.count == 10 * 4 + 1 }
    gate.open()
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(fixture.isAtRest && fixture.us.bytesServed == Int64(wanted.count))
  }

  @Test func theFirstRangeThatFailsEndsTheOthersAndGivesEverythingBack() async throws {
    let fixture = try divided()
    let job = try await fixture.job(wanted: fixture.bytes(6 * Self.part), at: [fixture.us])
    fixture.us.before { call async throws(StorageError) in
      if case .open(let range?) = call, range.last + 1 == CopyFixture.partBytes { throw .unreachable(detail: "gone") }
    }
    await #expect(throws: CopyFailure.self) { try await fixture.copier.copy(job) }
    #expect(fixture.isAtRest)
  }

  @Test func aSourceThatLacksARangeIsLeftForAnother() async throws {
    let fixture = try divided()
    let wanted = fixture.bytes(6 * Self.part)
    let job = try await fixture.job(wanted: wanted, at: [fixture.us, fixture.ap])
    fixture.us.before { call async throws(StorageError) in
      if case .open(let range?) = call, range.first > 2 * CopyFixture.partBytes { throw .unreachable(detail: "gone") }
    }
    let copy = try await fixture.copier.copy(job)
    #expect(try await fixture.stored(copy.key) == wanted)
    #expect(fixture.ap.bytesServed > 0 && fixture.isAtRest)
  }

  /// Parts of 64 KiB in four ranges of 16 KiB, whatever the speed.
  private func divided() throws -> CopyFixture {
    try CopyFixture(
      link: .init(initial: 16), sizing: .init(smallestBytes: CopyFixture.partBytes / 4, maximumPieces: 4, wanted: .zero)
    )
  }
}
