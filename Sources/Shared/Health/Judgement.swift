/// What a region is good for in one direction, reads or writes.
package struct Judgement: Sendable, Codable, Hashable {
  /// `pass` and `warn` serve traffic; `unknown` is neither well nor failing, and serves none.
  package let status: ProbeStatus
  /// The share of its usual traffic the region should get, 0 to 100; 0 exactly where it serves none.
  package let weight: Int
  /// What is not plainly well, the gravest first; empty for `pass`.
  package let reasons: [Reason]

  /// Whether a load balancer should send requests.
  package var servesTraffic: Bool { status.servesTraffic }

  /// States a judgement; `weight` is held to its range, and to 0 where no traffic is served.
  package init(status: ProbeStatus, weight: Int = 100, reasons: [Reason] = []) {
    self.status = status
    self.weight = status.servesTraffic ? min(max(weight, 1), 100) : 0
    self.reasons = reasons
  }
}
