import Shared

/// What of a worker's own state is shown in metrics, read at the moment it is asked for.
struct WorkerGauges: Sendable {
  /// One target's slots and memory.
  struct Target: Sendable {
    let location: LocationID
    let slots: [JobClass: JobSlots]
    let express: JobSlots
    let memory: TransferMemory
  }

  let registry: MetricsRegistry
  let targets: [Target]
  /// Every configured location.
  let stores: [LocationID]
  let breakers: StoreBreakers

  /// Brings the gauges up to date.
  func refresh() {
    for target in targets { show(target) }
    for location in stores {
      let number: Double =
        switch breakers.state(of: location) {
        case .closed: 0
        case .halfOpen: 1
        case .open: 2
        }
      registry.gauge(
        "meridian_store_breaker_state", help: "0 closed, 1 half-open, 2 open: whether a store is left alone.",
        labels: ["location": location.description]
      ).set(number)
    }
  }

  private func show(_ target: Target) {
    let name = target.location.description
    let kinds = target.slots.map { ($0.key.rawValue, $0.value) } + [("express", target.express)]
    for (kind, slots) in kinds {
      let labels = ["target": name, "class": kind]
      registry.gauge(
        "meridian_worker_copies_running", help: "Copies under way, by target and class of slot.", labels: labels
      ).set(Double(slots.count - slots.free))
      registry.gauge(
        "meridian_worker_slots", help: "Copies that may be under way at once, by target and class.", labels: labels
      ).set(Double(slots.count))
    }
    registry.gauge(
      "meridian_worker_memory_reserved_bytes", help: "Memory that copies hold, by target.", labels: ["target": name]
    ).set(Double(target.memory.reservedBytes))
    registry.gauge(
      "meridian_worker_memory_limit_bytes", help: "Memory that copies may hold, by target.", labels: ["target": name]
    ).set(Double(target.memory.capacityBytes))
  }
}
