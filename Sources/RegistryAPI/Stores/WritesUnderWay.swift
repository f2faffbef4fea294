import ServiceLifecycle
import Shared
import Synchronization

/// The streamed PUTs of this process, and the one sweep that aborts those whose store has stopped taking bytes.
///
/// Bounded by the streams that may be open at a time (`TransferRoom.streaming`).
final class WritesUnderWay: Service {
  /// Names one PUT.
  struct Ticket: Sendable, Hashable {
    fileprivate let number: UInt64
  }

  private struct Entry {
    let writer: any ObjectWriter
    let stall: Duration
    let patience: Duration
    let isHopeless: @Sendable () -> Bool
    var waitingSince: ContinuousClock.Instant?
    var isStalled = false
  }

  private struct State {
    var next: UInt64 = 0
    var entries: [Ticket: Entry] = [:]
  }

  private let state = Mutex(State())
  private let now: @Sendable () -> ContinuousClock.Instant

  /// Nothing is under way; `now` is the time waits are measured by.
  init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) { self.now = now }

  /// Takes a PUT in, to be aborted where a chunk waits for `stall`, or for `patience` once that `isHopeless`; it is to be
  /// ended with `end`.
  func begin(
    _ writer: any ObjectWriter, stall: Duration, patience: Duration, isHopeless: @escaping @Sendable () -> Bool
  ) -> Ticket {
    state.withLock { state in
      state.next += 1
      let ticket = Ticket(number: state.next)
      state.entries[ticket] = Entry(writer: writer, stall: stall, patience: patience, isHopeless: isHopeless)
      return ticket
    }
  }

  /// Notes that a chunk is being handed to the store.
  func wait(_ ticket: Ticket) {
    let now = now()
    state.withLock { $0.entries[ticket]?.waitingSince = now }
  }

  /// Notes that the store has taken the chunk, or failed.
  func goOn(_ ticket: Ticket) { state.withLock { $0.entries[ticket]?.waitingSince = nil } }

  /// Whether the sweep has aborted the PUT.
  func isStalled(_ ticket: Ticket) -> Bool { state.withLock { $0.entries[ticket]?.isStalled ?? false } }

  /// Forgets the PUT.
  func end(_ ticket: Ticket) { state.withLock { $0.entries[ticket] = nil } }

  /// How many PUTs are under way.
  var count: Int { state.withLock { $0.entries.count } }

  /// How many of them wait for their store to take a chunk and were not aborted; visible for tests.
  var waiting: Int { state.withLock { $0.entries.values.count { $0.waitingSince != nil && !$0.isStalled } } }

  /// Aborts what has waited too long; visible for tests.
  func sweep() async {
    let now = now()
    let stalled = state.withLock { state -> [any ObjectWriter] in
      var found: [any ObjectWriter] = []
      for (ticket, entry) in state.entries {
        guard let since = entry.waitingSince, !entry.isStalled, now - since >= entry.patience else { continue }
        guard now - since >= entry.stall || entry.isHopeless() else { continue }
        state.entries[ticket]?.isStalled = true
        found.append(entry.writer)
      }
      return found
    }
    for writer in stalled { await writer.abort() }
  }

  /// Sweeps until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await self.sweep()
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: .milliseconds(500))
      }
    }
  }
}
