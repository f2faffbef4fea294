private import Synchronization

/// Bytes set aside in a `TransferMemory` until released or dropped.
package final class TransferReservation: Sendable {
  private let memory: TransferMemory
  /// Nil once released.
  private let held: Mutex<Int64?>

  init(memory: TransferMemory, bytes: Int64) {
    self.memory = memory
    held = Mutex(bytes)
  }

  /// The bytes set aside now; 0 once released.
  package var bytes: Int64 { held.withLock { $0 ?? 0 } }

  /// Sets `more` bytes aside where nobody waits for them and `keepingBytes` stay free; whether it did.
  package func tryGrow(by more: Int64, keepingBytes: Int64 = 0) -> Bool {
    held.withLock { held in
      guard let bytes = held, memory.take(more, keepingBytes: keepingBytes) else { return false }
      held = bytes + more
      return true
    }
  }

  /// Gives the bytes back; a second call does nothing.
  package func release() {
    let bytes = held.withLock { held -> Int64 in
      defer { held = nil }
      return held ?? 0
    }
    if bytes > 0 { memory.giveBack(bytes) }
  }

  deinit { release() }
}
