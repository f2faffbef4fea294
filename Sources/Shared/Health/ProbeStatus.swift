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
}
