import Logging
import ServiceLifecycle
import Shared

/// Runs every probe in its own loop, so that a hanging store never delays another component's probe.
///
/// Of each probe one look is under way at a time. A look that misses its deadline is reported as failed at that moment,
/// and again with every beat while it hangs; the next one starts when it has ended, so that what is slow is not asked
/// more often for it. Nothing here is driven by requests: the load on stores is the schedule's.
struct Prober: Service {
  let probes: [Probe]
  let state: HealthState
  let logger: Logger
  /// How soon a look follows one that contradicts what was known, where the interval is longer.
  var confirmation: Duration = .seconds(1)

  /// Probes until the task is cancelled or the process shuts down.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for probe in probes {
          group.addTask { await loop(probe) }
        }
      }
    }
  }

  private func loop(_ probe: Probe) async {
    let clock = ContinuousClock()
    while !Task.isCancelled {
      let start = clock.now
      let flight = LookFlight(probe)
      var isLate = false
      var isTurning = false
      while !Task.isCancelled {
        let limit = isLate ? min(confirmation, probe.interval) : probe.deadline
        if let sighting = await flight.sighting(within: limit) {
          // After its deadline a look's end only means that the next one may start.
          if !isLate { isTurning = note(probe, sighting, since: start) }
          break
        }
        guard !Task.isCancelled else { break }
        let waited = max(1, (clock.now - start).components.seconds)
        isTurning = note(probe, Sighting(probe.aspect, .fail("no answer for \(waited) s")), since: start)
        flight.cancel()
        isLate = true
      }
      guard !Task.isCancelled else {
        flight.cancel()
        return
      }
      let pause = isTurning ? min(confirmation, probe.interval) : probe.interval
      // Jitter keeps the probers of many processes from marching in step. Cancellation is the only error sleeping has,
      // and the loop looks at it next.
      try? await clock.sleep(for: pause * Double.random(in: 0.8...1.2))
    }
  }

  /// Records a look's end and logs what it changed; returns whether another look should follow soon.
  private func note(_ probe: Probe, _ sighting: Sighting, since start: ContinuousClock.Instant) -> Bool {
    let duration = ContinuousClock.now - start
    let durationMs = duration.wholeMs
    HealthMetrics.shared.probed(probe.target.name, sighting, duration: duration)
    let recorded = state.record(probe, sighting, durationMs: durationMs)
    if let component = recorded.change {
      let write = component.status(for: .write)
      logger.log(
        level: component.status == .pass && write == .pass ? .info : .warning, "component changed",
        metadata: [
          "component": "\(component.component)", "status": "\(component.status.rawValue)", "write": "\(write.rawValue)",
          "reason": "\(component.reason ?? component.writeReason ?? "")",
        ])
    }
    return recorded.isTurning
  }
}
