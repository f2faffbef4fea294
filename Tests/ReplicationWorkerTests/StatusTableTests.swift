import Shared
import Testing

@testable import ReplicationWorker

@Suite("The status table")
struct StatusTableTests {
  @Test func alignsItsColumns() throws {
    let status = LocationStatus(
      location: try LocationID(parsing: "eustorage"), state: .active, placements: 120, pendingJobs: 3,
      pendingBytes: 4096, oldestPendingSeconds: 7, failing: 1, parked: 0, sourceLost: 0)
    #expect(
      StatusTable.lines(of: [status]) == [
        "LOCATION   STATE   BLOBS  PENDING  PENDING BYTES  OLDEST  FAILING  PARKED  LOST",
        "eustorage  active  120    3        4096           7 s     1        0       0",
      ])
  }
}
