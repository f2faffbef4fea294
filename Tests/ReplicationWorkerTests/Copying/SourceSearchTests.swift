import Shared
import Testing

@testable import ReplicationWorker

@Suite("Whose bytes are wrong is found out before anybody is blamed")
struct SourceSearchTests {
  private let us: Placement
  private let ap: Placement

  init() throws {
    us = Placement(location: try LocationID(parsing: "us"), key: try ObjectKey(parsing: "a/us"))
    ap = Placement(location: try LocationID(parsing: "ap"), key: try ObjectKey(parsing: "a/ap"))
  }

  private func wrong(_ text: String) -> VerificationFailure {
    .digest(expected: Digest(of: "right".utf8), actual: Digest(of: text.utf8))
  }

  @Test func takesAllSourcesTogetherAtFirst() {
    #expect(SourceSearch([us, ap]).next == [us, ap])
    #expect(SourceSearch([]).next == nil)
  }

  @Test func aMixedMismatchIsReadAgainFromOneAlone() {
    var search = SourceSearch([us, ap])
    search.mismatched(wrong("x"), allFrom: nil)
    #expect(search.next == [us] && search.rejected.isEmpty)
  }

  @Test func twiceTheSameWrongBytesAreTheSourcesOwn() {
    var search = SourceSearch([us, ap])
    search.mismatched(wrong("x"), allFrom: us)
    #expect(search.next == [us] && search.rejected.isEmpty)
    search.mismatched(wrong("x"), allFrom: us)
    #expect(search.rejected.map(\.placement) == [us])
    #expect(search.next == [ap])
  }

  @Test func differentWrongBytesBlameNobody() {
    var search = SourceSearch([us, ap])
    search.mismatched(wrong("x"), allFrom: us)
    search.mismatched(wrong("y"), allFrom: us)
    #expect(search.rejected.isEmpty && search.next == [ap] && search.lastError != nil)
    search.mismatched(wrong("x"), allFrom: ap)
    search.mismatched(wrong("z"), allFrom: ap)
    #expect(search.next == nil && search.rejected.isEmpty)
  }

  @Test func unreadableTogetherIsTheEndForNow() {
    var search = SourceSearch([us, ap])
    search.failed(.timedOut(phase: "x"))
    #expect(search.next == nil && search.lastError == .timedOut(phase: "x"))
  }

  @Test func unreadableAloneGoesOnToTheNext() {
    var search = SourceSearch([us, ap])
    search.mismatched(wrong("x"), allFrom: nil)
    search.failed(.timedOut(phase: "x"))
    #expect(search.next == [ap])
    search.failed(.timedOut(phase: "x"))
    #expect(search.next == nil)
  }

  @Test func whatABoardRejectsIsGone() {
    var search = SourceSearch([us, ap])
    let board = SourceBoard([us, ap])
    board.reject(us, "missing")
    search.note(board)
    search.note(board)
    #expect(search.next == [ap] && search.rejected.count == 1)
  }
}
