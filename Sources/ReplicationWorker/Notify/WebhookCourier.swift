import Logging
import ServiceLifecycle
import Shared

/// Brings events to one receiver, at least once each, until it takes them or they are a day old.
///
/// Every receiver has a courier of its own in every worker, so that one that is away delays no other; of all workers
/// one has an event at a time.
struct WebhookCourier: Service {
  /// How a courier paces itself.
  struct Pace: Sendable {
    /// Events sent at the same time.
    var atOnce = 8
    /// The time between two looks for due events, before jitter.
    var beat: Duration = .seconds(5)
    /// Events that could not be delivered for this long are given up.
    var giveUpAfter: Duration = .seconds(86_400)
    /// The wait after a failure: jittered, growing, capped.
    var retry = RetryPolicy(base: .seconds(2), cap: .seconds(900))
  }

  let settings: WebhookSettings
  let sender: WebhookSender
  let catalog: Catalog
  /// Rung when events have been put on record.
  let bell: Bell
  let metrics: NotifyMetrics
  var pace = Pace()
  var pause = Pause.real
  let logger: Logger

  /// Delivers until shutdown; attempts under way then are cut off and made again by whoever comes next.
  func run() async throws {
    await cancelWhenGracefulShutdown { await deliver() }
  }

  private func deliver() async {
    var isFailing = false
    while !Task.isCancelled {
      let seen = bell.count
      var delivered = 0
      do {
        try await giveUp()
        delivered = try await deliverDue()
        isFailing = false
      } catch {
        if !isFailing, !Task.isCancelled {
          logger.warning("events cannot be read", metadata: ["receiver": "\(settings.name)", "error": "\(error)"])
        }
        isFailing = true
      }
      if delivered < pace.atOnce {
        let beat = pace.beat * Double.random(in: 0.5...1.5)
        // A database that is away is not asked again at every arrival.
        if isFailing { await pause(beat) } else { await bell.wait(after: seen, atMost: beat, pause) }
      }
    }
  }

  /// Sends up to `atOnce` due events at the same time; returns how many there were.
  private func deliverDue() async throws -> Int {
    // Longer than an attempt can take, so that nobody else makes it meanwhile.
    let lease = settings.timeout + .seconds(30)
    let due = try await catalog.claimDeliveries(to: settings.name, limit: pace.atOnce, lease: lease)
    await withDiscardingTaskGroup { group in
      for delivery in due { group.addTask { await attempt(delivery) } }
    }
    return due.count
  }

  private func attempt(_ delivery: WebhookDelivery) async {
    do {
      let identity = try EventIdentity(body: delivery.event)
      let seconds = LogTime.now.milliseconds / 1000
      try await sender.send(delivery.event, name: identity.event, id: identity.id, timestamp: seconds)
      metrics.delivered(to: settings.name)
      try await catalog.finishDelivery(delivery.id)
    } catch let failure as WebhookFailure where failure == .cancelled {
      // Made again when the claim runs out.
    } catch {
      metrics.failed(to: settings.name)
      await postpone(delivery, because: error)
    }
  }

  private func postpone(_ delivery: WebhookDelivery, because error: any Error) async {
    var generator = SystemRandomNumberGenerator()
    let retryAfter = (error as? WebhookFailure)?.retryAfter
    let delay = pace.retry.delay(attempt: delivery.attempts, retryAfter: retryAfter, using: &generator)
    logger.log(
      level: delivery.attempts == 1 ? .warning : .debug, "a receiver did not take an event",
      metadata: metadata(delivery).merging(["reason": "\(error)", "retry_in": "\(delay)"]) { $1 })
    do {
      try await catalog.postponeDelivery(delivery.id, by: delay, error: "\(error)")
    } catch {
      // It comes again when its claim runs out, sooner than it should.
      logger.debug("an event was not postponed", metadata: metadata(delivery).merging(["error": "\(error)"]) { $1 })
    }
  }

  /// Ends what is too old, loudly: the receiver will never hear of it. That of receivers no longer configured, too.
  private func giveUp() async throws {
    for delivery in try await catalog.giveUpDeliveries(olderThan: pace.giveUpAfter, limit: 256) {
      metrics.gaveUp(receiver: delivery.receiver == settings.name ? settings.name : nil)
      logger.error(
        "an event was given up",
        metadata: metadata(delivery).merging(["reason": "\(delivery.lastError ?? "never tried")"]) { $1 })
    }
  }

  private func metadata(_ delivery: WebhookDelivery) -> Logger.Metadata {
    ["receiver": "\(delivery.receiver)", "delivery": "\(delivery.id)", "attempts": "\(delivery.attempts)"]
  }
}
