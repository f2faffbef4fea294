import Shared
import Testing

@testable import ReplicationWorker

@Suite("Sources are tried nearest first, all of them")
struct SourceOrderTests {
  private func placement(_ location: String, _ state: Placement.State = .verified) throws -> Placement {
    Placement(
      location: try LocationID(parsing: location), key: try ObjectKey(parsing: "blobs/\(location)"), state: state)
  }

  private func job(_ sources: [Placement]) throws -> ReplicationJob {
    ReplicationJob(
      id: JobID(rawValue: 1), blob: BlobID(rawValue: 1), digest: Digest(of: [1]), sizeBytes: 1,
      target: try LocationID(parsing: "eustorage"), lane: .normal, attempt: 1, leaseToken: RandomIdentifier(),
      createdAtMs: 0, sources: sources)
  }

  @Test func preferenceFirstThenTheOthersById() throws {
    let job = try job([placement("zz"), placement("usstorage"), placement("aa"), placement("apstorage")])
    let preference = try ["eustorage", "apstorage", "usstorage"].map { try LocationID(parsing: $0) }
    let order = SourceOrder.sources(of: job, preference: preference).map(\.location.description)
    #expect(order == ["apstorage", "usstorage", "aa", "zz"])
  }

  @Test func neverTheTargetNorACopyPutAside() throws {
    let job = try job([placement("eustorage"), placement("usstorage", .quarantined), placement("apstorage")])
    #expect(SourceOrder.sources(of: job, preference: []).map(\.location.description) == ["apstorage"])
  }
}
