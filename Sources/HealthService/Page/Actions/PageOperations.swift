import Shared

/// What the page's forms do, as closures, so that the page is tested without a database.
struct PageOperations: Sendable {
  /// What sending parked jobs on came to.
  struct Retried: Sendable, Hashable {
    var jobs: Int
    /// Whether there were more than are sent on at a time.
    var isMore: Bool
  }

  var drain:
    @Sendable (RegionName, RegionDrain.Direction, _ reason: String, _ by: String, Duration?) async throws -> Void
  var undrain: @Sendable (RegionName) async throws -> Bool
  var retry: @Sendable (LocationID, [JobState]) async throws -> Retried
  /// False where there is no such location.
  var verify: @Sendable (LocationID, VerificationDepth, _ by: String) async throws -> Bool

  /// The most jobs that one form sends on: so many batches of a thousand.
  private static let maximumBatches = 20
  private static let batch = 1000

  /// Does it all through the catalog; `announce` rings the doorbell for jobs.
  static func through(
    _ catalog: Catalog, announce: @escaping @Sendable ([JobAnnouncement]) async -> Void
  ) -> PageOperations {
    PageOperations(
      drain: { region, direction, reason, by, duration in
        try await catalog.drainRegion(region, direction: direction, reason: reason, by: by, for: duration)
      },
      undrain: { try await catalog.undrainRegion($0) },
      retry: { location, states in
        var total = 0
        for _ in 0..<maximumBatches {
          let jobs = try await catalog.retryJobs(target: location, states: states, limit: batch)
          guard !jobs.isEmpty else { return Retried(jobs: total, isMore: false) }
          total += jobs.count
          await announce(jobs)
        }
        return Retried(jobs: total, isMore: true)
      },
      verify: { try await catalog.requestVerification(at: $0, $1, by: $2) })
  }
}
