import Shared
import Testing

@Suite("What a process knows of a store")
struct StoreKnowledgeTests {
  private let start = ContinuousClock.now
  private var store = StoreKnowledge()
  private var generator = SystemRandomNumberGenerator()

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  private mutating func record(_ outcome: StoreKnowledge.Outcome, _ use: StoreKnowledge.Use, _ seconds: Double) {
    store.record(outcome, of: use, at: at(seconds), using: &generator)
  }

  private mutating func prove(_ outcome: StoreKnowledge.Outcome, _ seconds: Double) -> Bool {
    store.recordProof(outcome, at: at(seconds), using: &generator)
  }

  @Test("nothing known is usable, and not proven")
  func nothingKnown() {
    #expect(store.isUsable(for: .reading, at: at(0)))
    #expect(store.isUsable(for: .writing, at: at(0)))
    #expect(store.provenAt == nil)
  }

  @Test("one failure ends the proof at once; two failed proofs in a row put the store down, one good one up again")
  mutating func proofs() {
    #expect(!prove(.works, 0))
    #expect(store.provenAt == at(0))
    #expect(!prove(.fails(retryAfter: nil), 1))
    #expect(store.provenAt == nil)
    #expect(store.isUsable(for: .reading, at: at(1)))
    #expect(prove(.fails(retryAfter: nil), 1.3))
    for use in StoreKnowledge.Use.allCases { #expect(!store.isUsable(for: use, at: at(1.3))) }
    #expect(!prove(.nothing, 2))
    #expect(prove(.works, 3))
    for use in StoreKnowledge.Use.allCases { #expect(store.isUsable(for: use, at: at(3))) }
    #expect(store.provenAt == at(3))
  }

  @Test("a full disk: writes go elsewhere while reads stay, until a write works after the pause")
  mutating func fullDisk() {
    for second in 0..<3 {
      record(.fails(retryAfter: nil), .writing, Double(second) / 10)
      record(.works, .reading, Double(second) / 10)
    }
    #expect(store.isUsable(for: .reading, at: at(0.3)))
    #expect(!store.isUsable(for: .writing, at: at(0.3)))
    #expect(!store.wantsWriteProof(at: at(0.3)))
    #expect(store.wantsWriteProof(at: at(2)))
    #expect(!store.isUsable(for: .writing, at: at(2)))
    record(.fails(retryAfter: nil), .writing, 2)
    #expect(!store.wantsWriteProof(at: at(2.5)))
    #expect(store.wantsWriteProof(at: at(5)))
    record(.works, .writing, 5)
    #expect(store.isUsable(for: .writing, at: at(5)))
  }

  @Test("a proof closes the breaker that failed reads opened")
  mutating func proofCloses() {
    for second in 0..<3 { record(.fails(retryAfter: nil), .reading, Double(second) / 10) }
    #expect(!store.isUsable(for: .reading, at: at(0.3)))
    _ = prove(.works, 2)
    #expect(store.isUsable(for: .reading, at: at(2)))
  }

  @Test("the health service's word: less than an own newer answer, and nothing at all once it is old")
  mutating func word() {
    store.recordWord(.fail, at: at(10))
    for use in StoreKnowledge.Use.allCases { #expect(!store.isUsable(for: use, at: at(11))) }
    _ = prove(.works, 12)
    #expect(store.isUsable(for: .reading, at: at(12)))
    #expect(!store.isUsable(for: .writing, at: at(12)))
    record(.works, .writing, 13)
    #expect(store.isUsable(for: .writing, at: at(13)))
    store.recordWord(.fail, at: at(14))
    #expect(!store.isUsable(for: .writing, at: at(14)))
    #expect(store.isUsable(for: .writing, at: at(30)))
    store.recordWord(.unknown, at: at(31))
    #expect(store.isUsable(for: .writing, at: at(31)))
  }

  @Test("a doubt makes a store the last to be read from, until right bytes come often enough or it has had its time")
  mutating func doubts() {
    _ = prove(.works, 0)
    store.recordDoubt(at: at(1))
    #expect(store.provenAt == nil)
    #expect(!store.isUsable(for: .reading, at: at(2)))
    #expect(store.isUsable(for: .writing, at: at(2)))
    _ = prove(.works, 3)
    #expect(!store.isUsable(for: .reading, at: at(3)))
    for _ in 0..<19 { store.recordRightBytes() }
    #expect(!store.isUsable(for: .reading, at: at(3)))
    store.recordRightBytes()
    #expect(store.isUsable(for: .reading, at: at(3)))
    store.recordDoubt(at: at(4))
    for _ in 0..<10 { store.recordRightBytes() }
    store.recordDoubt(at: at(5))
    for _ in 0..<10 { store.recordRightBytes() }
    #expect(!store.isUsable(for: .reading, at: at(34)))
    #expect(store.isUsable(for: .reading, at: at(36)))
  }
}
