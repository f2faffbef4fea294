import Shared
import Testing

@testable import ReplicationWorker

@Suite("Sources are tried nearest first, all of them")
struct SourceOrderTests {
  private func placement(_ location: String, _ state: Placement.State = .verified) throws -> Placement {
    Placement(
      location: try LocationID(parsing: location), key: try ObjectKey(parsing: "blobs/\(location)"), state: state)
  }

  private func order(
    _ placements: [Placement], preference: [String] = [], down: Set<String> = []
  ) throws -> [String] {
    SourceOrder.sources(
      placements, target: try LocationID(parsing: "eustorage"),
      preference: try preference.map { try LocationID(parsing: $0) }
    ) { !down.contains($0.description) }
    .map(\.location.description)
  }

  @Test func preferenceFirstThenTheOthersById() throws {
    let placements = try [placement("zz"), placement("usstorage"), placement("aa"), placement("apstorage")]
    #expect(
      try order(placements, preference: ["eustorage", "apstorage", "usstorage"])
        == ["apstorage", "usstorage", "aa", "zz"])
  }

  @Test func storesThatFailComeLastButAreNotLeftOut() throws {
    let placements = try [placement("apstorage"), placement("usstorage"), placement("aa")]
    #expect(
      try order(placements, preference: ["apstorage", "usstorage"], down: ["apstorage"])
        == ["usstorage", "aa", "apstorage"])
  }

  @Test func copiesPutAsideAreTheLastResort() throws {
    let placements = try [placement("eustorage", .quarantined), placement("usstorage", .quarantined)]
    #expect(try order(placements, preference: ["usstorage"]) == ["usstorage", "eustorage"])
    #expect(try order(placements + [placement("apstorage")]) == ["apstorage"])
  }

  @Test func neverTheTargetNorACopyPutAside() throws {
    let placements = try [placement("eustorage"), placement("usstorage", .quarantined), placement("apstorage")]
    #expect(try order(placements) == ["apstorage"])
  }
}
