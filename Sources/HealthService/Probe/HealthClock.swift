import Foundation

/// The two clocks of a health service: one that only goes forward, for ages, and one that people read.
struct HealthClock: Sendable {
  /// Milliseconds since some instant; never goes back, whatever is done to the host's date.
  let monotonicMs: @Sendable () -> Int64
  /// Milliseconds since the epoch.
  let wallMs: @Sendable () -> Int64

  /// The clocks of this host.
  static let system: HealthClock = {
    let clock = ContinuousClock()
    let start = clock.now
    return HealthClock(
      monotonicMs: { Int64((clock.now - start) / .milliseconds(1)) },
      wallMs: { Int64(Date().timeIntervalSince1970 * 1000) })
  }()
}
