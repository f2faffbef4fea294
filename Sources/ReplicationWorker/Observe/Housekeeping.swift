import Logging
import ServiceLifecycle
import Shared

/// One of the small works that keep tables short, done in bounded steps.
struct Chore: Sendable {
  let name: String
  /// The time between two times of doing it, before jitter.
  let interval: Duration
  /// The most rows of one step.
  let limit: Int
  /// Does one step and returns how many rows it took care of.
  let step: @Sendable (_ limit: Int) async throws -> Int
}

/// Does chores on a slow beat, each on its own; any number of workers may do the same ones.
struct Housekeeping: Service {
  let chores: [Chore]
  var pause = Pause.real
  let logger: Logger

  /// Works until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for chore in chores { group.addTask { await keep(chore) } }
      }
    }
  }

  private func keep(_ chore: Chore) async {
    var isFailing = false
    while !Task.isCancelled {
      await pause(chore.interval * Double.random(in: 0.5...1.5))
      do {
        // A full step says that there is more.
        while !Task.isCancelled, try await chore.step(chore.limit) >= chore.limit {}
        isFailing = false
      } catch {
        guard !Task.isCancelled else { return }
        if !isFailing {
          logger.warning("housekeeping failed", metadata: ["chore": "\(chore.name)", "error": "\(error)"])
        }
        isFailing = true
      }
    }
  }
}

extension Housekeeping {
  /// How long the history of attempts is kept.
  private static let attemptsAge: Duration = .seconds(14 * 86_400)

  /// The chores of the catalog.
  static func chores(of catalog: Catalog) -> [Chore] {
    [
      Chore(name: "fold tallies", interval: .seconds(5), limit: 20_000) { try await catalog.foldTallies(limit: $0) },
      Chore(name: "prune attempts", interval: .seconds(600), limit: 5_000) {
        try await catalog.pruneAttempts(olderThan: attemptsAge, limit: $0)
      },
    ]
  }
}
