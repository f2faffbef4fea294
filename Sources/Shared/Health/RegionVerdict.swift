/// Whether a region should be sent reads and writes, and why not.
package struct RegionVerdict: Sendable, Codable, Equatable {
  package let region: String
  package let read: ProbeStatus
  package let write: ProbeStatus
  /// One line per component that is not well.
  package let reasons: [String]

  /// States a verdict.
  package init(region: String, read: ProbeStatus, write: ProbeStatus, reasons: [String]) {
    self.region = region
    self.read = read
    self.write = write
    self.reasons = reasons
  }
}

extension ProbeStatus {
  /// Whether a load balancer should send requests: anything but failing or unknown.
  package var servesTraffic: Bool { self == .pass || self == .warn }
}
