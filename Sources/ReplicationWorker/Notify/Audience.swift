import Logging
import Shared

/// Who is told of which arrival, and in which words.
struct Audience: Sendable {
  let receivers: [WebhookSettings]
  private let regions: [LocationID: RegionName]
  private let logger: Logger

  /// Takes receivers and regions from the configuration.
  init(_ configuration: Configuration, logger: Logger) {
    receivers = configuration.webhooks
    var regions = [configuration.home: configuration.region]
    for region in configuration.regions { regions[region.location] = region.name }
    self.regions = regions
    self.logger = logger
  }

  /// The events to be put on record for these arrivals: one for each receiver that wants it, under one id.
  func drafts(_ arrived: [ImageReadable]) -> [WebhookDelivery.Draft] {
    arrived.flatMap { image -> [WebhookDelivery.Draft] in
      let wanting = receivers.filter { $0.wants(location: image.location, namespace: image.repository.namespace) }
      guard !wanting.isEmpty else { return [] }
      let event = ReadableEvent(id: RandomIdentifier().hex, image: image, region: regions[image.location])
      do {
        let body = try event.json()
        return wanting.map { WebhookDelivery.Draft(receiver: $0.name, event: body) }
      } catch {
        // Nothing in an event can fail to be encoded; were it so, the arrival itself must still be noted.
        logger.error("an event could not be written", metadata: ["error": "\(error)"])
        return []
      }
    }
  }
}
