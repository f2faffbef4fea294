/// What a probe, or everything known of a component, amounts to.
package enum ProbeStatus: String, Sendable, Codable, CaseIterable {
  /// It works.
  case pass
  /// It works, but something about it wants attention.
  case warn
  /// It does not work.
  case fail
  /// Nothing recent is known; not the same as working, nor as failing.
  case unknown

  /// Reads a status of any version of the program; one it does not know says nothing (I14).
  package init(from decoder: any Decoder) throws {
    self = Self(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
  }

  /// Whether a load balancer should send requests: anything but failing or unknown.
  package var servesTraffic: Bool { self == .pass || self == .warn }
}
