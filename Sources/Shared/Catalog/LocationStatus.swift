package import SharedModel
package import SharedQueue

/// How far replication has come at one location (G12), all at one instant.
package struct LocationStatus: Sendable, Hashable {
  package let location: LocationID
  package let state: LocationState
  /// Verified copies.
  package let placements: Int64
  package let placedBytes: Int64
  /// Copies found missing or wrong and not healed yet.
  package let quarantined: Int64
  /// What is queued or being copied, a backlog for every lane, in the order of service.
  package let lanes: [LaneBacklog]
  /// Pending jobs that have failed at least once.
  package let failing: Int64
  package let parked: Int64
  package let sourceLost: Int64
  /// Nil where nothing has been copied there yet.
  package let lag: LagPercentiles?
  package let atRisk: AtRisk
  /// Deletions of objects that were tried and failed.
  package let failingDeletions: Int64

  /// States figures.
  package init(
    location: LocationID, state: LocationState, placements: Int64 = 0, placedBytes: Int64 = 0, quarantined: Int64 = 0,
    lanes: [LaneBacklog] = [], failing: Int64 = 0, parked: Int64 = 0, sourceLost: Int64 = 0,
    lag: LagPercentiles? = nil, atRisk: AtRisk = AtRisk(count: 0, sizeBytes: 0), failingDeletions: Int64 = 0
  ) {
    self.location = location
    self.state = state
    self.placements = placements
    self.placedBytes = placedBytes
    self.quarantined = quarantined
    self.lanes = lanes
    self.failing = failing
    self.parked = parked
    self.sourceLost = sourceLost
    self.lag = lag
    self.atRisk = atRisk
    self.failingDeletions = failingDeletions
  }

  /// Jobs queued or being copied.
  package var pendingJobs: Int64 { lanes.reduce(0) { $0 + $1.jobs } }

  /// Their bytes; what does not fit in 63 bits is cut off there.
  package var pendingBytes: Int64 {
    lanes.reduce(0) { sum, lane in
      let (total, overflow) = sum.addingReportingOverflow(lane.sizeBytes)
      return overflow ? .max : total
    }
  }

  /// The age of the oldest job not done; nil where there is none.
  package var oldestPendingSeconds: Int64? { lanes.compactMap(\.oldestSeconds).max() }
}

/// What waits in one lane of a location.
package struct LaneBacklog: Sendable, Hashable {
  package let lane: Lane
  /// Jobs queued or being copied.
  package let jobs: Int64
  package let sizeBytes: Int64
  /// The age of the oldest; nil where there is none.
  package let oldestSeconds: Int64?

  /// States figures.
  package init(lane: Lane, jobs: Int64, sizeBytes: Int64, oldestSeconds: Int64?) {
    self.lane = lane
    self.jobs = jobs
    self.sizeBytes = sizeBytes
    self.oldestSeconds = oldestSeconds
  }
}

/// How long the last copies took from the push (or whatever asked for them) to the placement, in milliseconds.
package struct LagPercentiles: Sendable, Hashable {
  /// The number of copies looked at: the last thousand, or fewer where there are not so many.
  package let samples: Int64
  package let p50Ms: Int64
  package let p90Ms: Int64
  package let p99Ms: Int64

  /// States figures.
  package init(samples: Int64, p50Ms: Int64, p90Ms: Int64, p99Ms: Int64) {
    self.samples = samples
    self.p50Ms = p50Ms
    self.p90Ms = p90Ms
    self.p99Ms = p99Ms
  }
}

/// Blobs whose only verified copy is at one location: what its loss would cost at this moment (RPO). Always exact.
package struct AtRisk: Sendable, Hashable {
  package let count: Int64
  package let sizeBytes: Int64

  /// States figures.
  package init(count: Int64, sizeBytes: Int64) {
    self.count = count
    self.sizeBytes = sizeBytes
  }
}
