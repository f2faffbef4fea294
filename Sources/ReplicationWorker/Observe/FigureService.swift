import Logging
import ServiceLifecycle
import Shared

/// Reads the figures of the database on a steady beat, shows them as gauges and writes a line when something has gone
/// wrong for good.
struct FigureService: Service {
  let read: @Sendable () async throws -> ReplicationFigures
  let gauges: FigureGauges
  /// The locations alarms are about: this worker's targets.
  let targets: Set<LocationID>
  var interval: Duration = .seconds(15)
  var pause = Pause.real
  let logger: Logger

  /// Reads until shutdown. A reading that fails is only logged, once; the gauges stay what they were.
  func run() async throws {
    await cancelWhenGracefulShutdown { await beat() }
  }

  private func beat() async {
    var alarms = ReplicationAlarms()
    var isFailing = false
    while !Task.isCancelled {
      do {
        let figures = try await read()
        gauges.show(figures)
        tell(alarms.alarms(on: figures, targets: targets))
        isFailing = false
      } catch {
        guard !Task.isCancelled else { return }
        if !isFailing { logger.warning("figures could not be read", metadata: ["error": "\(error)"]) }
        isFailing = true
      }
      await pause(interval * Double.random(in: 0.8...1.2))
    }
  }

  private func tell(_ alarms: [ReplicationAlarms.Alarm]) {
    for alarm in alarms {
      var metadata: Logger.Metadata = ["count": "\(alarm.count)", "before": "\(alarm.before)"]
      if let location = alarm.location { metadata["target"] = "\(location)" }
      logger.log(level: alarm.isCleared ? .notice : .error, "\(alarm)", metadata: metadata)
    }
  }
}
