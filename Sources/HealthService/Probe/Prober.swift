import Logging
import ServiceLifecycle
import Shared

/// Runs every probe in its own loop, so that a hanging store never delays another component's probe.
struct Prober: Service {
  let probes: [Probe]
  let state: HealthState
  let logger: Logger

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
      let sighting = await sighting(of: probe.look, deadline: probe.deadline)
      let duration = clock.now - start
      let durationMs = Int64(duration / .milliseconds(1))
      guard !Task.isCancelled else { return }
      HealthMetrics.shared.probed(probe.target.name, sighting, duration: duration)
      if let component = state.record(probe, sighting, durationMs: durationMs) {
        logger.log(
          level: component.status == .pass ? .info : .warning, "component changed",
          metadata: [
            "component": "\(component.component)", "status": "\(component.status.rawValue)",
            "write": "\(component.status(for: .write).rawValue)", "reason": "\(component.reason ?? "")",
          ])
      }
      // Jitter keeps the probers of many processes from marching in step.
      let pause = probe.interval * Double.random(in: 0.8...1.2)
      // Cancellation is the only error sleeping has, and the loop looks at it next.
      try? await clock.sleep(for: pause)
    }
  }

  /// What the look found within its deadline.
  private func sighting(of look: @escaping @Sendable () async throws -> Sighting, deadline: Duration) async -> Sighting
  {
    await withTaskGroup(of: Sighting.self) { group in
      group.addTask {
        do {
          return try await look()
        } catch {
          return .fail("\(error)")
        }
      }
      group.addTask {
        // Cancelled as soon as the look has ended; then its result is not used.
        try? await ContinuousClock().sleep(for: deadline)
        return .fail(ProbeError.deadlineExceeded(deadline).description)
      }
      let first = await group.next() ?? .fail("no answer")
      group.cancelAll()
      return first
    }
  }
}
