private import Glibc
internal import SharedModel

/// Temporary files for bytes of uploads that do not fit into memory, bounded in bytes and in number.
///
/// A file loses its name as soon as it is made, so that nothing is left behind whatever happens to the process; its bytes
/// are freed when the last reference goes. All file calls are made on threads of the spool's own.
package final class Spool: Sendable {
  private let directory: String
  private let room: TransferMemory
  private let files: TransferMemory
  private let pool: BlockingPool

  /// A spool in `directory` (by default `TMPDIR`, else `/tmp`), which is not touched before the first file is needed.
  ///
  /// Throws `unreachable` where no thread can be started.
  package init(
    directory: String? = nil, capacityBytes: Int64 = 8 << 30, maximumFiles: Int = 2_048, threads: Int = 4
  ) throws(StorageError) {
    self.directory = directory ?? Self.usualDirectory
    room = TransferMemory(capacityBytes: capacityBytes)
    files = TransferMemory(capacityBytes: Int64(maximumFiles))
    // Every open file has at most one call waiting.
    pool = try BlockingPool(threads: threads, maximumQueued: 2 * max(maximumFiles, 1))
  }

  deinit { pool.close() }

  /// The bytes in files now.
  package var usedBytes: Int64 { room.reservedBytes }
  /// The number of files now.
  package var fileCount: Int { Int(clamping: files.reservedBytes) }

  /// Makes an empty file; throws `overloaded` where there are too many.
  func makeFile() async throws(StorageError) -> SpoolFile {
    guard let place = files.tryReserve(1) else { throw .overloaded }
    let directory = self.directory
    let file = try await run { () throws(FileFailure) in
      let name = "meridian-spool-\(RandomIdentifier().hex)"
      let folder = try OpenFile.folder(atPath: directory)
      let file = try folder.open(name, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
      try folder.remove(name)
      return file
    }
    return SpoolFile(spool: self, file: file, place: place, reservation: room.beginReservation())
  }

  func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(FileFailure) -> Value
  ) async throws(StorageError) -> Value {
    try await pool.run { () throws(StorageError) in
      do throws(FileFailure) { return try work() } catch { throw error.storageError }
    }
  }

  /// Runs `work` on one of the threads some time; on this one where the pool takes nothing more.
  func later(_ work: @escaping @Sendable () -> Void) {
    if !pool.enqueue(work) { work() }
  }

  private static var usualDirectory: String {
    guard let variable = getenv("TMPDIR") else { return "/tmp" }
    let path = String(cString: variable)
    return path.hasPrefix("/") ? path : "/tmp"
  }
}

/// One nameless file of a spool, written at its end and then read; one caller at a time.
final class SpoolFile: Sendable {
  /// One read or write; large enough that the hop to a thread does not count.
  private static let stepBytes: Int64 = 1 << 20

  private let spool: Spool
  private let file: OpenFile
  private let place: TransferReservation
  /// Its size is the file's.
  private let reservation: TransferReservation

  init(spool: Spool, file: OpenFile, place: TransferReservation, reservation: TransferReservation) {
    self.spool = spool
    self.file = file
    self.place = place
    self.reservation = reservation
  }

  var sizeBytes: Int64 { reservation.bytes }

  /// Appends the slices; throws `overloaded` where the spool is full.
  ///
  /// After a failure, or a cancellation, the file is only good for dropping.
  func append(_ slices: [[UInt8]]) async throws(StorageError) {
    guard reservation.tryGrow(by: slices.reduce(0) { $0 + Int64($1.count) }) else { throw .overloaded }
    try await spool.run { [file] () throws(FileFailure) in
      for slice in slices { try file.write(slice) }
    }
  }

  /// Calls `body` with all bytes in order, step by step.
  func read(_ body: ([UInt8]) -> Void) async throws(StorageError) {
    let size = sizeBytes
    var at: Int64 = 0
    while at < size {
      let (start, limit) = (at, Int(min(size - at, Self.stepBytes)))
      let bytes = try await spool.run { [file] () throws(FileFailure) in try file.read(at: start, limit: limit) }
      guard !bytes.isEmpty else { throw .truncated(expectedBytes: size, receivedBytes: at) }
      at += Int64(bytes.count)
      body(bytes)
    }
  }

  deinit {
    // Closing frees the blocks of a nameless file, which is disk work; the bytes count until that is done.
    let (file, place, reservation) = (file, place, reservation)
    spool.later {
      withExtendedLifetime(file) {}
      _ = (place, reservation)
    }
  }
}
