import Shared
import Testing

@Suite("Hash states continue where they were saved")
struct ContentHasherTests {
  @Test(arguments: DigestAlgorithm.allCases)
  func aStateSavedAtAnyPointContinues(_ algorithm: DigestAlgorithm) throws {
    let content = (0..<400).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let whole = Digest(of: content, algorithm: algorithm)
    for split in 0...content.count {
      var first = ContentHasher(algorithm: algorithm)
      first.update(Array(content[..<split]))
      var second = try ContentHasher(restoring: first.savedState())
      #expect(second.count == Int64(split))
      second.update(Array(content[split...]))
      #expect(second.digest() == whole, "split at \(split)")
      #expect(second.digest() == whole, "asking does not change the state")
    }
  }

  @Test func damagedStatesAreRefused() {
    var hasher = ContentHasher()
    hasher.update([1, 2, 3])
    let state = hasher.savedState()
    #expect(throws: ModelError.invalidHashState) { try ContentHasher(restoring: []) }
    #expect(throws: ModelError.invalidHashState) { try ContentHasher(restoring: Array(state.dropLast())) }
    #expect(throws: ModelError.invalidHashState) { try ContentHasher(restoring: state + [0]) }
    for (index, value) in [(0, 2), (1, 3), (2, 0x80), (9, 4)] as [(Int, UInt8)] {
      var damaged = state
      damaged[index] = value
      #expect(throws: ModelError.invalidHashState) { try ContentHasher(restoring: damaged) }
    }
  }

  @Test func manySmallUpdatesEqualOneLarge() {
    let content = [UInt8](repeating: 0x61, count: 1_000_000)
    var hasher = ContentHasher()
    for start in stride(from: 0, to: content.count, by: 997) {
      hasher.update(Array(content[start..<min(start + 997, content.count)]))
    }
    #expect(hasher.digest().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test(arguments: DigestAlgorithm.allCases, [0, 1, 63, 64, 65, 128])
  func twoHashesInOnePassAreWhatTheyAreAlone(_ algorithm: DigestAlgorithm, lead: Int) throws {
    let content = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 3) }
    for chunk in [1, 13, 63, 64, 65, 200, 1_024, 5_000] {
      // The one has bytes before; where their number is no multiple of a block the two are out of step.
      var (whole, wholeAlone) = (ContentHasher(algorithm: algorithm), ContentHasher(algorithm: algorithm))
      var (part, partAlone) = (ContentHasher(), ContentHasher())
      whole.update(Array(content[..<lead]))
      wholeAlone.update(Array(content[..<lead]))
      for start in stride(from: 0, to: content.count, by: chunk) {
        let piece = Array(content[start..<min(start + chunk, content.count)])
        whole.update(piece, with: &part)
        wholeAlone.update(piece)
        partAlone.update(piece)
        #expect(whole.savedState() == wholeAlone.savedState())
        #expect(part.savedState() == partAlone.savedState())
      }
      #expect(whole.digest() == wholeAlone.digest() && part.digest() == Digest(of: content))
      #expect(whole.count == Int64(content.count + lead) && part.count == Int64(content.count))
    }
  }

  @Test func theCounterOfTwoHashesInOnePassPassesFourGigabits() throws {
    // The bit count is kept in two words; the carry between them is our own code in the paired pass.
    var alone = ContentHasher()
    alone.update([UInt8](repeating: 1, count: 64))
    var state = alone.savedState()
    state.replaceSubrange(2..<10, with: [0, 0, 0, 0, 0x1F, 0xFF, 0xFF, 0xC0])
    var (first, second) = (try ContentHasher(restoring: state), try ContentHasher(restoring: state))
    var other = ContentHasher()
    let more = [UInt8](repeating: 2, count: 256)
    first.update(more, with: &other)
    second.update(more)
    #expect(first.digest() == second.digest() && first.savedState() == second.savedState())
  }
}
