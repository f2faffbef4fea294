import Logging
import ServiceLifecycle
import Shared

/// Puts together what notes arrivals and tells receivers of them, for the locations of one worker.
struct NotifyAssembly {
  /// By location.
  let watches: [LocationID: ArrivalWatch]
  let couriers: [WebhookCourier]

  /// Watches every target; couriers are made for every configured receiver, since any worker may deliver any event.
  init(targets: [LocationID], configuration: Configuration, catalog: Catalog, logger: Logger) {
    let audience = Audience(configuration, logger: logger)
    let metrics = NotifyMetrics(receivers: configuration.webhooks)
    let bell = Bell()
    watches = Dictionary(
      targets.map { target in
        let watch = ArrivalWatch(
          target: target, catalog: catalog, audience: audience, couriers: bell, metrics: metrics, logger: logger)
        return (target, watch)
      }
    ) { first, _ in first }
    let lookup = SystemNameLookup()
    couriers = configuration.webhooks.map { settings in
      WebhookCourier(
        settings: settings, sender: WebhookSender(settings: settings, lookup: lookup), catalog: catalog, bell: bell,
        metrics: metrics, logger: logger)
    }
  }

  var services: [any Service] { Array(watches.values) + couriers }
}
