import HTTPTypes
import Shared

/// Answers how far replication has come at every location.
struct LocationsAnswer: Sendable {
  let services: RegistryServices

  /// Answers the request; the same whoever asks.
  func answer() async throws -> Answer {
    let statuses = try await services.catalog.replicationStatus()
    let histograms = try await services.catalog.lagHistograms()
    let lags = Dictionary(histograms.map { ($0.location, $0) }) { first, _ in first }
    let required = Set(services.settings.requiredLocations)
    var json = JSONText()
    json.object {
      $0.array("locations", statuses) { json, status in
        json.object {
          $0.member("location", status.location.description)
          $0.member("state", status.state.rawValue)
          $0.member("default", required.contains(status.location))
          $0.member("objects", status.placements)
          $0.member("bytes", status.placedBytes)
          $0.member("quarantined", status.quarantined)
          $0.member("pending_objects", status.pendingJobs)
          $0.member("pending_bytes", status.pendingBytes)
          $0.member("oldest_pending_seconds", optional: status.oldestPendingSeconds)
          Self.lanes(status.lanes, &$0)
          $0.member("failing", status.failing)
          $0.member("parked", status.parked)
          $0.member("source_lost", status.sourceLost)
          $0.member("at_risk") { json in
            json.member("objects", status.atRisk.count)
            json.member("bytes", status.atRisk.sizeBytes)
          }
          $0.member("failing_deletions", status.failingDeletions)
          Self.lag(status.lag, lags[status.location], &$0)
        }
      }
    }
    return Answer.json(.ok, json.bytes)
  }

  private static func lanes(_ lanes: [LaneBacklog], _ json: inout JSONText) {
    json.array("lanes", lanes) { json, lane in
      json.object {
        $0.member("lane", lane.lane.rawValue)
        $0.member("pending_objects", lane.jobs)
        $0.member("pending_bytes", lane.sizeBytes)
        $0.member("oldest_pending_seconds", optional: lane.oldestSeconds)
      }
    }
  }

  /// Percentiles, and the classes up to each bound, cumulated as in Prometheus' histograms; null without copies.
  private static func lag(_ lag: LagPercentiles?, _ histogram: LagHistogram?, _ json: inout JSONText) {
    guard let lag else { return json.null("lag") }
    var total: Int64 = 0
    let classes = zip(LagHistogram.boundsSeconds, histogram?.counts ?? []).map { bound, count in
      total += count
      return (bound, total)
    }
    json.member("lag") { json in
      json.member("copies", lag.samples)
      json.member("p50_ms", lag.p50Ms)
      json.member("p90_ms", lag.p90Ms)
      json.member("p99_ms", lag.p99Ms)
      json.array("histogram", classes) { json, item in
        json.object {
          $0.member("le_seconds", item.0)
          $0.member("copies", item.1)
        }
      }
    }
  }
}
