import Foundation
import Shared
import Testing

@testable import ReplicationWorker

@Suite("The status of replication, as it is shown")
struct StatusTableTests {
  private func status(parked: Int64 = 0, sourceLost: Int64 = 0, atRisk: Int64 = 3) throws -> LocationStatus {
    LocationStatus(
      location: try LocationID(parsing: "eustorage"), state: .active, placements: 1_234_567, placedBytes: 3 << 30,
      lanes: [
        LaneBacklog(lane: .urgent, jobs: 0, sizeBytes: 0, oldestSeconds: nil),
        LaneBacklog(lane: .normal, jobs: 3, sizeBytes: 4096, oldestSeconds: 7),
        LaneBacklog(lane: .backfill, jobs: 1000, sizeBytes: 5 << 20, oldestSeconds: 3725),
      ],
      failing: 1, parked: parked, sourceLost: sourceLost,
      lag: LagPercentiles(samples: 1000, p50Ms: 25, p90Ms: 40, p99Ms: 61_000),
      atRisk: AtRisk(count: atRisk, sizeBytes: 2048))
  }

  @Test func alignsItsColumns() throws {
    let empty = LocationStatus(location: try LocationID(parsing: "us"), state: .joining)
    let lines = StatusTable.lines(of: [try status(), empty])
    let columns = lines.map { $0.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) } }
    #expect(
      columns == [
        [
          "LOCATION", "STATE", "BLOBS", "SIZE", "PENDING", "PENDING SIZE", "OLDEST", "FAILING", "PARKED", "LOST",
          "AT RISK", "LAG p50/p99",
        ],
        [
          "eustorage", "active", "1,234,567", "3.0 GiB", "1,003", "5.0 MiB", "1 h 2 min", "1", "0", "0", "3",
          "25 ms / 1 min 1 s",
        ],
        ["us", "joining", "0", "0 bytes", "0", "0 bytes", "-", "0", "0", "0", "0", "-"],
        [],
        ["LOCATION", "LANE", "PENDING", "PENDING SIZE", "OLDEST"],
        ["eustorage", "normal", "3", "4.0 KiB", "7 s"],
        ["eustorage", "backfill", "1,000", "5.0 MiB", "1 h 2 min"],
      ])
    let starts = lines.prefix(3).map {
      $0.firstRange(of: $0 == lines[0] ? "STATE" : $0.contains("active") ? "active" : "joining")
    }
    #expect(
      Set(
        zip(lines, starts).compactMap { line, range in
          range.map { line.distance(from: line.startIndex, to: $0.lowerBound) }
        }
      ).count == 1)
  }

  @Test("parked jobs and lost blobs need a person; blobs at risk do so only beyond what was allowed")
  func alarms() throws {
    let calm = StatusAlarm.alarms(of: [try status()], maximumAtRisk: nil)
    #expect(calm.map(\.kind) == [.atRisk])
    #expect(calm.map(\.line) == ["NOTE  eustorage: 3 blobs (2.0 KiB) have their only verified copy here"])
    #expect(StatusAlarm.alarms(of: [try status()], maximumAtRisk: 3).allSatisfy { !$0.needsPerson })
    #expect(StatusAlarm.alarms(of: [try status()], maximumAtRisk: 2).contains { $0.needsPerson })
    let bad = StatusAlarm.alarms(of: [try status(parked: 2, sourceLost: 1, atRisk: 0)], maximumAtRisk: nil)
    #expect(bad.map(\.kind) == [.sourceLost, .parked])
    #expect(bad.allSatisfy { $0.needsPerson && $0.line.hasPrefix("ALARM  eustorage: ") })
    #expect(StatusAlarm.alarms(of: [try status(atRisk: 0)], maximumAtRisk: 0).isEmpty)
  }

  @Test("the JSON keeps the keys that scripts read")
  func json() throws {
    let report = StatusReport(
      [try status(parked: 2)], alarms: StatusAlarm.alarms(of: [try status(parked: 2)], maximumAtRisk: nil))
    let object = try #require(
      try JSONSerialization.jsonObject(with: try JSONEncoder().encode(report)) as? [String: Any])
    let location = try #require((object["locations"] as? [[String: Any]])?.first)
    #expect(location["pending"] as? Int == 1003)
    #expect(location["pending_bytes"] as? Int == 5 * 1_048_576 + 4096)
    #expect(location["oldest_pending_seconds"] as? Int == 3725)
    #expect(location["at_risk"] as? Int == 3)
    #expect((location["lag_ms"] as? [String: Int])?["p99"] == 61_000)
    #expect((location["lanes"] as? [String: [String: Int]])?["backfill"]?["pending"] == 1000)
    #expect((object["alarms"] as? [[String: Any]])?.first?["kind"] as? String == "parked")
    #expect((object["alarms"] as? [[String: Any]])?.first?["needs_person"] as? Bool == true)
  }
}
