import Shared

/// What is known of one component, for reads and writes apart.
struct ComponentRecord: Sendable {
  private let name: String
  /// What was seen longer ago says nothing, in milliseconds.
  private var memoryMs: Int64
  private var read: DirectionRecord
  private var write: DirectionRecord
  private var values: [String: Double] = [:]
  private var observedAtMs: Int64 = 0
  private var durationMs: Int64 = 0

  /// Knows nothing of the probe's component.
  init(_ probe: Probe, staleAfterMs: Int64) {
    name = probe.target.name
    memoryMs = probe.memoryMs(staleAfterMs: staleAfterMs)
    read = DirectionRecord(thresholds: probe.thresholds)
    write = DirectionRecord(thresholds: probe.thresholds)
  }

  /// Whether the last look of that aspect said otherwise than the steady status.
  func isTurning(_ aspect: Probe.Aspect) -> Bool {
    switch aspect {
    case .reads: read.isTurning
    case .writes: write.isTurning
    case .both: read.isTurning || write.isTurning
    }
  }

  /// Takes in one look's end; returns whether the component's status has changed by it.
  mutating func record(_ sighting: Sighting, durationMs: Int64, nowMs: Int64, wallMs: Int64) -> Bool {
    let readChanged = sighting.read.map { read.record($0, nowMs: nowMs) } ?? false
    let writeChanged = sighting.write.map { write.record($0, nowMs: nowMs) } ?? false
    values.merge(sighting.values) { _, new in new }
    observedAtMs = wallMs
    self.durationMs = durationMs
    return readChanged || writeChanged
  }

  /// The component at an instant; a direction not looked at for long is unknown.
  func health(nowMs: Int64) -> ComponentHealth {
    let (reads, writes) = (told(read, nowMs), told(write, nowMs))
    let differs = reads.status != writes.status || reads.reason != writes.reason
    return ComponentHealth(
      component: name, status: reads.status, reason: reads.reason, writeStatus: differs ? writes.status : nil,
      writeReason: differs ? writes.reason : nil, values: values, observedAtMs: observedAtMs, durationMs: durationMs,
      lookAgeMs: max(0, nowMs - (min(read.seenAtMs ?? nowMs, write.seenAtMs ?? nowMs))),
      heldMs: read.heldMs(nowMs: nowMs), writeHeldMs: write.heldMs(nowMs: nowMs))
  }

  private func told(_ record: DirectionRecord, _ nowMs: Int64) -> (status: ProbeStatus, reason: String?) {
    guard let seenAtMs = record.seenAtMs else { return (.unknown, "not looked at yet") }
    guard nowMs - seenAtMs <= memoryMs else { return (.unknown, "not looked at for \((nowMs - seenAtMs) / 1000) s") }
    return (record.status, record.reason)
  }
}
