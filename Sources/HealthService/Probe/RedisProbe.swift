import Shared

/// The probe of Redis: a value is written and read back; one that answers slowly is worth a warning.
enum RedisProbe {
  /// The API waits no longer for Redis than this (reliability: 200 ms, off the request's path).
  private static let slowAfter: Duration = .milliseconds(200)

  /// Builds the probe.
  static func make(
    _ board: RedisHealthBoard, instance: String, interval: Duration = .seconds(2), deadline: Duration = .seconds(3),
    thresholds: Hysteresis.Thresholds = .init(rise: 2, fall: 3)
  ) -> Probe {
    Probe(target: .redis, interval: interval, deadline: deadline, thresholds: thresholds) {
      let start = ContinuousClock.now
      try await board.probe(by: instance)
      let took = ContinuousClock.now - start
      guard took > slowAfter else { return .pass }
      return Sighting(read: .warn("Redis needs \(took.wholeMs) ms to answer"))
    }
  }
}
