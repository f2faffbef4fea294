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
}
