import Shared

/// Figures of the API that are read at the moment they are asked for.
struct RegistryGauges: Sendable {
  let catalog: Catalog
  let manifests: ManifestCache
  let room: TransferRoom
  let places: ConnectionPlaces

  /// Brings the gauges up to date.
  func show(in registry: MetricsRegistry) {
    catalog.showPools(in: registry)
    registry.gauge(RegistryMetric.manifestCacheBytes).set(Double(manifests.costBytes))
    registry.gauge(RegistryMetric.connections).set(Double(places.count))
    for (purpose, memory) in [
      ("gathering", room.gathering), ("sending", room.sending), ("streaming", room.streaming),
    ] {
      let labels = ["purpose": purpose]
      registry.gauge(RegistryMetric.transferMemory, labels).set(Double(memory.reservedBytes))
      registry.gauge(RegistryMetric.transferMemoryLimit, labels).set(Double(memory.capacityBytes))
    }
  }
}
