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
      let name = ["location": location.description]
      // From 0 on, so that the first failure shows as an increase.
      for metric in [WorkerMetric.storeFailuresTotal, .storeBreakerOpenedTotal] { _ = registry.counter(metric, name) }
      let number: Double =
        switch breakers.state(of: location) {
        case .closed: 0
        case .halfOpen: 1
        case .open: 2
        }
      registry.gauge(WorkerMetric.storeBreakerState, name).set(number)
    }
  }

  private func show(_ target: Target) {
    let name = target.location.description
    let kinds = target.slots.map { ($0.key.rawValue, $0.value) } + [("express", target.express)]
    for (kind, slots) in kinds {
      let labels = ["target": name, "class": kind]
      registry.gauge(WorkerMetric.workerCopiesRunning, labels).set(Double(slots.count - slots.free))
      registry.gauge(WorkerMetric.workerSlots, labels).set(Double(slots.count))
    }
    registry.gauge(WorkerMetric.workerMemoryReservedBytes, ["target": name]).set(Double(target.memory.reservedBytes))
    registry.gauge(WorkerMetric.workerMemoryLimitBytes, ["target": name]).set(Double(target.memory.capacityBytes))
  }
}
