import Logging
import Shared

/// Keeps to the bandwidth limits of all targets; a target without one is never held back, and none waits for another.
struct BandwidthLimiter: TransferPacing {
  private let targets: [LocationID: TargetPacing]

  /// `own` are this worker's limits, `overall` those all workers share through `leases`.
  init(
    own: [LocationID: TransferRate], overall: [LocationID: TransferRate], leases: any BandwidthLeases, worker: String,
    logger: Logger
  ) {
    let locations = Set(own.keys).union(overall.keys)
    targets = Dictionary(
      uniqueKeysWithValues: locations.map { location in
        let shared = overall[location].map {
          SharedBandwidth(location: location, rate: $0, leases: leases, worker: worker, logger: logger)
        }
        return (location, TargetPacing(own: own[location], shared: shared))
      })
  }

  func admit(bytes: Int64, to target: LocationID) async throws(CancellationError) {
    try await targets[target]?.admit(bytes)
  }
}
