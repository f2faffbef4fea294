private import Synchronization

/// The bytes of one part as they arrive, in memory for as long as there is room and in a spool file from then on.
///
/// It holds about what has really arrived: room is taken in steps that double from 1 KiB to 256 KiB, and only while as
/// much stays free for others as the buffer then holds. Nothing is ever waited for but the spool's disk.
package struct PartBuffer: Sendable {
  private static let firstStepBytes: Int64 = 1 << 10
  private static let largestStepBytes: Int64 = 256 << 10
  /// Smaller chunks are joined, so that a part is never thousands of tiny arrays.
  private static let joinBelowBytes = 32 << 10

  /// Nil where the caller has reserved the memory for the whole part.
  private let room: TransferRoom?
  private var reservation: TransferReservation?
  private var slices: [[UInt8]] = []
  private var file: SpoolFile?
  /// The bytes appended so far.
  package private(set) var sizeBytes: Int64 = 0

  /// An empty buffer within `room`.
  package init(room: TransferRoom) {
    self.room = room
    reservation = room.gathering.beginReservation()
  }

  /// An empty buffer in memory that is reserved already, or is not accounted for.
  init(reserved: TransferReservation?) {
    room = nil
    reservation = reserved
  }

  /// Whether the bytes are in a file.
  var isSpooled: Bool { file != nil }

  /// Adds bytes; throws `overloaded` where neither memory nor the spool takes them.
  ///
  /// After a failure the buffer is only good for dropping.
  package mutating func append(_ piece: ArraySlice<UInt8>) async throws(StorageError) {
    guard !piece.isEmpty else { return }
    if let room, file == nil, !holdsRoom(for: piece.count) { try await spill(to: room.spool) }
    if let file {
      // A slice that is a whole array shares its storage: no copy.
      try await file.append([Array(piece)])
    } else if let last = slices.indices.last, piece.count < Self.joinBelowBytes,
      slices[last].count < Self.joinBelowBytes
    {
      slices[last].append(contentsOf: piece)
    } else {
      slices.append(Array(piece))
    }
    sizeBytes += Int64(piece.count)
  }

  /// What was gathered, after `carried`, which an earlier request left in the store.
  package func content(after carried: CarriedBytes? = nil) -> PartContent {
    PartContent(
      carried: carried, gatheredBytes: sizeBytes, place: file.map { .spool($0) } ?? .memory(slices, reservation))
  }

  private func holdsRoom(for count: Int) -> Bool {
    guard let reservation else { return true }
    let held = reservation.bytes
    let missing = sizeBytes + Int64(count) - held
    guard missing > 0 else { return true }
    let step = max(missing, min(max(held, Self.firstStepBytes), Self.largestStepBytes))
    return reservation.tryGrow(by: step, keepingBytes: held + step)
      || reservation.tryGrow(by: missing, keepingBytes: held + missing)
  }

  private mutating func spill(to spool: Spool) async throws(StorageError) {
    let file = try await spool.makeFile()
    if !slices.isEmpty { try await file.append(slices) }
    self.file = file
    slices = []
    reservation?.release()
    reservation = nil
  }
}

/// A part that was begun before its pipeline was; handed over once, so that nobody else keeps its bytes in memory.
package final class BegunPart: Sendable {
  private let buffer: Mutex<PartBuffer?>

  /// Hands over `buffer`; the caller must not keep it.
  package init(_ buffer: PartBuffer) { self.buffer = Mutex(buffer) }

  func take() -> PartBuffer? {
    buffer.withLock { buffer in
      defer { buffer = nil }
      return buffer
    }
  }
}
