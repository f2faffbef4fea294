import Testing

@testable import SharedStorage

@Suite("Places of a listing that can be gone on from")
struct ListPositionsTests {
  @Test func theNearestPlaceBeforeAName() {
    let positions = ListPositions()
    #expect(positions.nearest(to: "x", prefix: "") == nil)
    for name in ["b", "f", "d"] { positions.note("after \(name)", after: name, prefix: "p") }
    positions.note("other", after: "c", prefix: "q")
    func nearest(_ name: String) -> String? {
      positions.nearest(to: name, prefix: "p").map { "\($0.marker)\($0.isExact ? "!" : "")" }
    }
    #expect(
      ["a", "b", "c", "d", "e", "f", "z"].map(nearest) == [
        nil, "after b!", "after b", "after d!", "after d", "after f!", "after f",
      ])
    positions.note("again", after: "d", prefix: "p")
    #expect(nearest("e") == "again")
    positions.forget()
    #expect(nearest("z") == nil)
  }

  @Test func theirNumberIsBounded() {
    let positions = ListPositions()
    for index in 0..<1_000 { positions.note("\(index)", after: "n\(index)", prefix: "") }
    #expect(positions.nearest(to: "n999", prefix: "")?.isExact == true)
    #expect(positions.nearest(to: "n0", prefix: "") == nil)
  }
}
