import Shared

/// The probe of the region's own API: the canary image is pulled through it (R10).
enum CanaryProbe {
  /// Builds the probe.
  ///
  /// It notices later than the database's probe does, on purpose: an API without its database fails for the database's
  /// reason, and that has to be known first. An image that is missing and cannot be pushed is a warning, for the API
  /// answered.
  static func make(
    _ pull: CanaryPull, interval: Duration = .seconds(3), deadline: Duration = .seconds(3),
    thresholds: Hysteresis.Thresholds = .init(rise: 2, fall: 3)
  ) -> Probe {
    Probe(target: .api, interval: interval, deadline: deadline, thresholds: thresholds) {
      do throws(CanaryFailure) {
        try await pull.run(within: deadline)
        return .pass
      } catch {
        guard case .missing = error else { throw error }
        return Sighting(read: .warn("\(error)"))
      }
    }
  }
}
