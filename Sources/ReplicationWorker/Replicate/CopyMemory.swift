import Shared

/// The memory of one target's copies, of which large blobs may hold three quarters.
///
/// Parts are held for as long as the link needs for them; a small blob that had to wait for one would be late by seconds.
/// So a quarter is never held by large blobs (G14). What is reserved is given back whatever else is waited for, so every
/// wait ends (I12).
struct CopyMemory: Sendable {
  private let whole: TransferMemory
  private let large: TransferMemory

  /// Divides the memory of a target.
  init(_ whole: TransferMemory) {
    self.whole = whole
    large = TransferMemory(capacityBytes: whole.capacityBytes / 4 * 3)
  }

  /// What all large blobs together may hold.
  var largeCapacityBytes: Int64 { large.capacityBytes }

  /// Waits for memory; throws `cancelled`, or `overloaded` where too many wait already.
  func reserve(_ bytes: Int64, for jobClass: JobClass) async throws(StorageError) -> CopyReservation {
    let share = jobClass == .large ? try await large.reserve(bytes) : nil
    do {
      return CopyReservation(share: share, memory: try await whole.reserve(bytes))
    } catch {
      share?.release()
      throw error
    }
  }
}

/// Memory set aside for one blob or part until released or dropped.
struct CopyReservation: Sendable {
  fileprivate let share: TransferReservation?
  fileprivate let memory: TransferReservation

  /// Gives it back; a second call does nothing.
  func release() {
    memory.release()
    share?.release()
  }
}
