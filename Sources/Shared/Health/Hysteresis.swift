/// Turns single probe results into a steady status: so many failures in a row to go down, so many successes to come up.
///
/// A pure value; starts as `unknown` and takes the first result at its word, so that a process just started is never
/// healthy before it has looked (I10).
package struct Hysteresis: Sendable, Equatable {
  /// How many results in a row turn the status.
  package struct Thresholds: Sendable, Equatable {
    /// Successes in a row that end a failure.
    package let rise: Int
    /// Failures in a row that end a success.
    package let fall: Int

    /// Both at least 1.
    package init(rise: Int, fall: Int) {
      self.rise = max(1, rise)
      self.fall = max(1, fall)
    }
  }

  private let thresholds: Thresholds
  /// The steady status.
  package private(set) var status: ProbeStatus = .unknown
  private var contrary = 0

  /// Starts as `unknown`.
  package init(thresholds: Thresholds) { self.thresholds = thresholds }

  /// Takes one probe's result in; returns whether the steady status changed.
  package mutating func record(success: Bool) -> Bool {
    let reported: ProbeStatus = success ? .pass : .fail
    guard status != .unknown else {
      status = reported
      return true
    }
    guard reported != status else {
      contrary = 0
      return false
    }
    contrary += 1
    guard contrary >= (success ? thresholds.rise : thresholds.fall) else { return false }
    status = reported
    contrary = 0
    return true
  }
}
