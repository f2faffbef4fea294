import CLibPQ
import Glibc
import Synchronization

/// Sends PQcancel from threads of its own, because PQcancel blocks on a fresh connection to the server.
enum Canceller {
  /// Cancel requests under way in the process; beyond the bound the server's statement timeout must do.
  private static let underWay = Atomic<Int>(0)
  private static let maxUnderWay = 32

  /// One request; its session must not be used again before it is finished, or it could hit the next statement.
  final class Ticket: Sendable {
    private let finished = Atomic<Bool>(false)
    private let wake: WakeSignal

    init(wake: WakeSignal) {
      self.wake = wake
    }

    var isFinished: Bool { finished.load(ordering: .acquiring) }

    fileprivate func finish() {
      finished.store(true, ordering: .releasing)
      wake.signal()
    }
  }

  /// Asks the server to cancel what the connection runs; returns at once.
  ///
  /// - Returns: nil if no request could be made: the session must then be given up.
  static func cancel(_ handle: OpaquePointer, wake: WakeSignal) -> Ticket? {
    guard underWay.add(1, ordering: .relaxed).newValue <= maxUnderWay, let request = PQgetCancel(handle) else {
      underWay.subtract(1, ordering: .relaxed)
      return nil
    }
    let ticket = Ticket(wake: wake)
    let owned = OwnedRequest(pointer: request)
    let isStarted = DriverThread.start("pg-cancel") {
      var reason = [CChar](repeating: 0, count: 256)
      // A request that fails changes nothing: the session's grace then runs out and it is discarded.
      _ = PQcancel(owned.pointer, &reason, Int32(reason.count))
      PQfreeCancel(owned.pointer)
      underWay.subtract(1, ordering: .relaxed)
      ticket.finish()
    }
    guard isStarted else {
      PQfreeCancel(request)
      underWay.subtract(1, ordering: .relaxed)
      return nil
    }
    return ticket
  }

  // Proof for @unchecked Sendable: a PGcancel is an immutable copy of the server's address and the session's key; it is
  // made by one thread, handed to exactly one other and freed there.
  private struct OwnedRequest: @unchecked Sendable {
    let pointer: OpaquePointer
  }
}
