/// What a region's health service knows of one component, with the time it was last looked at.
package struct ComponentHealth: Sendable, Codable, Equatable {
  /// The `ProbeTarget`'s name.
  package let component: String
  package let status: ProbeStatus
  /// One line for operators, or nil while all is well; never holds a host, key or credential.
  package let reason: String?
  /// Milliseconds since the epoch by this host's clock when the last probe ended.
  package let observedAtMs: Int64
  /// How long the last probe took, in milliseconds.
  package let durationMs: Int64

  /// Describes a component.
  package init(component: String, status: ProbeStatus, reason: String?, observedAtMs: Int64, durationMs: Int64) {
    self.component = component
    self.status = status
    self.reason = reason
    self.observedAtMs = observedAtMs
    self.durationMs = durationMs
  }

  /// The same component with a status that says how old the knowledge is: `unknown` once older than `limitMs`.
  package func aged(nowMs: Int64, limitMs: Int64) -> ComponentHealth {
    guard nowMs - observedAtMs > limitMs else { return self }
    return ComponentHealth(
      component: component, status: .unknown, reason: "not probed for \((nowMs - observedAtMs) / 1000) s",
      observedAtMs: observedAtMs, durationMs: durationMs)
  }
}
