/// What a region's health service knows of one component, with the time it was last looked at.
package struct ComponentHealth: Sendable, Codable, Hashable {
  /// The `ProbeTarget`'s name.
  package let component: String
  /// How it does for reads, and for writes too where `writeStatus` says nothing.
  package let status: ProbeStatus
  /// One line for operators, or nil while all is well; never holds a host, key or credential.
  package let reason: String?
  /// How it does for writes, where that differs from `status` or is looked at apart.
  package let writeStatus: ProbeStatus?
  /// One line for operators on writes.
  package let writeReason: String?
  /// What was measured, by a name that ends in its unit (`lag_seconds`, `pending_jobs`, `days_left`).
  package let values: [String: Double]
  /// Milliseconds since the epoch by this host's clock when the last probe ended.
  package let observedAtMs: Int64
  /// How long the last probe took, in milliseconds.
  package let durationMs: Int64
  /// How long ago the last probe ended when the snapshot was made, in milliseconds; durations need no common clock.
  package let lookAgeMs: Int64
  /// How long `status` had been what it is by then, in milliseconds; nil where that was not told.
  package let heldMs: Int64?
  /// The same of `status(for: .write)`.
  package let writeHeldMs: Int64?

  /// Describes a component.
  package init(
    component: String, status: ProbeStatus, reason: String?, writeStatus: ProbeStatus? = nil,
    writeReason: String? = nil, values: [String: Double] = [:], observedAtMs: Int64, durationMs: Int64,
    lookAgeMs: Int64 = 0, heldMs: Int64? = nil, writeHeldMs: Int64? = nil
  ) {
    self.component = component
    self.status = status
    self.reason = reason
    self.writeStatus = writeStatus
    self.writeReason = writeReason
    self.values = values
    self.observedAtMs = observedAtMs
    self.durationMs = durationMs
    self.lookAgeMs = lookAgeMs
    self.heldMs = heldMs
    self.writeHeldMs = writeHeldMs
  }

  /// Reads a component of any version of the program.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    component = try container.decode(String.self, forKey: .component)
    status = try container.decode(ProbeStatus.self, forKey: .status)
    reason = try container.decodeIfPresent(String.self, forKey: .reason)
    writeStatus = try container.decodeIfPresent(ProbeStatus.self, forKey: .writeStatus)
    writeReason = try container.decodeIfPresent(String.self, forKey: .writeReason)
    values = try container.decodeIfPresent([String: Double].self, forKey: .values) ?? [:]
    observedAtMs = try container.decodeIfPresent(Int64.self, forKey: .observedAtMs) ?? 0
    durationMs = try container.decodeIfPresent(Int64.self, forKey: .durationMs) ?? 0
    lookAgeMs = max(0, try container.decodeIfPresent(Int64.self, forKey: .lookAgeMs) ?? 0)
    heldMs = try container.decodeIfPresent(Int64.self, forKey: .heldMs)
    writeHeldMs = try container.decodeIfPresent(Int64.self, forKey: .writeHeldMs)
  }

  private enum CodingKeys: String, CodingKey {
    case component, status, reason, writeStatus, writeReason, values, observedAtMs, durationMs, lookAgeMs, heldMs
    case writeHeldMs
  }

  /// How it does in one direction.
  package func status(for direction: TrafficDirection) -> ProbeStatus {
    direction == .write ? writeStatus ?? status : status
  }

  /// The line for operators that belongs to that.
  package func reason(for direction: TrafficDirection) -> String? {
    direction == .write && writeStatus != nil ? writeReason : reason
  }

  /// How long it has done so in that direction, in milliseconds; for long where that was not told.
  package func heldMs(for direction: TrafficDirection) -> Int64 {
    max(0, (direction == .write ? writeHeldMs ?? heldMs : heldMs) ?? Int64.max / 4)
  }
}
