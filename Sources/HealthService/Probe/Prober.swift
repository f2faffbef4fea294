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
      let failure = await failure(of: probe.look, deadline: probe.deadline)
      let durationMs = Int64((clock.now - start) / .milliseconds(1))
      var hasStandIn = false
      if failure != nil, let standIn = probe.standIn {
        hasStandIn = await self.failure(of: standIn, deadline: probe.deadline) == nil
      }
      guard !Task.isCancelled else { return }
      if let status = state.record(probe, failure: failure, hasStandIn: hasStandIn, durationMs: durationMs) {
        logger.log(
          level: status == .pass ? .info : .warning, "component changed",
          metadata: [
            "component": "\(probe.target.name)", "status": "\(status.rawValue)", "reason": "\(failure ?? "")",
          ])
      }
      // Jitter keeps the probers of many processes from marching in step.
      let pause = probe.interval * Double.random(in: 0.8...1.2)
      // Cancellation is the only error sleeping has, and the loop looks at it next.
      try? await clock.sleep(for: pause)
    }
  }

  /// Nil where the look succeeded within its deadline, else one line why not.
  private func failure(of look: @escaping @Sendable () async throws -> Void, deadline: Duration) async -> String? {
    await withTaskGroup(of: String?.self) { group in
      group.addTask {
        do {
          try await look()
          return nil
        } catch {
          return "\(error)"
        }
      }
      group.addTask {
        // Cancelled as soon as the look has ended; then its result is not used.
        try? await ContinuousClock().sleep(for: deadline)
        return ProbeError.deadlineExceeded(deadline).description
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
  }
}
