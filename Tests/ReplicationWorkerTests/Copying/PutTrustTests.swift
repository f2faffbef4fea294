import Shared
import Testing

@testable import ReplicationWorker

@Suite("A store is trusted as long as it keeps what it acknowledges")
struct PutTrustTests {
  private func object(_ number: Int) throws -> PlacedBlob {
    PlacedBlob(
      blob: BlobID(rawValue: Int64(number)), digest: ContentHasher().digest(), sizeBytes: 1,
      placement: Placement(location: try LocationID(parsing: "eu"), key: try ObjectKey(parsing: "blobs/\(number)")))
  }

  private func proven(_ limits: PutTrust.Limits) throws -> PutTrust {
    let trust = PutTrust(limits: limits)
    for number in 0..<limits.proving {
      #expect(try trust.mustLook(at: object(number)))
      trust.kept()
    }
    return trust
  }

  @Test func everyOneAtFirstThenASample() throws {
    let trust = try proven(.init(proving: 5, sample: 4, remembered: 100))
    let looks = try (0..<40).map { try trust.mustLook(at: object($0)) }
    #expect(looks.filter { $0 }.count == 10)
    #expect(trust.takeDoubtful().isEmpty)
  }

  @Test func aLieMakesWhatWasTrustedDoubtfulAndEveryOneLookedAt() throws {
    let trust = try proven(.init(proving: 2, sample: 4, remembered: 100))
    for number in 0..<3 { #expect(try !trust.mustLook(at: object(number))) }
    #expect(try trust.mustLook(at: object(3)))
    trust.broken()
    #expect(try trust.takeDoubtful() == (0..<3).map { try object($0) })
    #expect(trust.takeDoubtful().isEmpty)
    #expect(try trust.mustLook(at: object(4)))
    trust.kept()
    #expect(try trust.mustLook(at: object(5)))
    trust.kept()
    #expect(try !trust.mustLook(at: object(6)))
  }

  @Test func whatIsRememberedIsBoundedAndTheNewest() throws {
    let trust = try proven(.init(proving: 1, sample: 1_000_000, remembered: 8))
    for number in 0..<1_000 { _ = try trust.mustLook(at: object(number)) }
    trust.broken()
    let doubtful = trust.takeDoubtful()
    let newest = try object(999)
    #expect(doubtful.count <= 8 && doubtful.last == newest)
  }
}
