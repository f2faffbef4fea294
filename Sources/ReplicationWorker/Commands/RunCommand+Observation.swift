import Hummingbird
import Logging
import ServiceLifecycle
import Shared

extension RunCommand {
  /// The services that show what a worker does: figures of the database on a beat, and the listener where one is asked
  /// for.
  func observation(
    of targets: [WorkerGauges.Target], stores: [LocationID], breakers: StoreBreakers, catalog: Catalog,
    address: (host: String, port: Int)?, logger: Logger
  ) -> [any Service] {
    let registry = MetricsRegistry.shared
    WorkerMetric.declareAll(in: registry)
    let figures = FigureService(
      read: { try await catalog.replicationFigures() }, gauges: FigureGauges(registry: registry),
      targets: Set(targets.map(\.location)), logger: logger)
    guard let address else { return [figures] }
    let gauges = WorkerGauges(registry: registry, targets: targets, stores: stores, breakers: breakers)
    let listener = Application(
      responder: MetricsResponder(
        registry: registry,
        refresh: {
          gauges.refresh()
          catalog.showPools(in: registry)
        }),
      configuration: .init(address: .hostname(address.host, port: address.port), serverName: nil), logger: logger)
    return [figures, listener]
  }
}
