import Glibc

/// The request body between its writer, a task, and libcurl's read callback, on the driving thread.
///
/// Bounded: a writer waits while `windowBytes` are unread. The bytes read so far are kept for a second reading as long
/// as there are at most `replayBytes` of them, because libcurl sends a request again when a kept connection turns out
/// to be dead.
final class UploadBuffer: Sendable {
  /// What the read callback gets.
  enum Reading: Equatable {
    case bytes(Int)
    case end
    /// Nothing to read yet; the next write must wake the driving thread.
    case starved
    /// The body will never be complete. It must not look like an end: the last chunk would make a broken-off upload
    /// a whole one in the server's eyes.
    case broken
  }

  typealias Writer = CheckedContinuation<Void, Never>

  private struct State {
    var pieces: [[UInt8]] = []
    /// Piece and offset in it that are read next.
    var index = 0
    var offset = 0
    var unread = 0
    var consumed: Int64 = 0
    var written: Int64 = 0
    var canReplay = true
    var isFinished = false
    var isStarved = false
    /// Set when nobody will read any more.
    var closed: HTTPTransportError?
    var writer: Writer?
  }

  private let declaredLength: Int64?
  private let windowBytes: Int
  private let replayBytes: Int64
  private let state: Guarded<State>

  /// A buffer that is filled by `append`.
  init(declaredLength: Int64?, windowBytes: Int) {
    self.declaredLength = declaredLength
    self.windowBytes = max(1, windowBytes)
    replayBytes = Int64(max(1, windowBytes))
    state = Guarded(State())
  }

  /// A complete body, replayable as a whole.
  init(pieces: [[UInt8]], byteCount: Int) {
    declaredLength = Int64(byteCount)
    windowBytes = Int.max
    replayBytes = Int64.max
    state = Guarded(
      State(pieces: pieces, unread: byteCount, written: Int64(byteCount), isFinished: true))
  }

  // MARK: Writer

  /// Waits until fewer than `windowBytes` are unread, or the buffer is closed.
  func waitForRoom() async -> Result<Void, HTTPTransportError> {
    var failure: HTTPTransportError?
    await withCheckedContinuation { (continuation: Writer) in
      let resumesNow = state.withLock { state in
        if let closed = state.closed {
          failure = closed
          return true
        }
        guard state.writer == nil, !state.isFinished else {
          failure = .invalidRequest(.concurrentUse)
          return true
        }
        guard state.unread >= windowBytes else { return true }
        state.writer = continuation
        return false
      }
      if resumesNow { continuation.resume() }
    }
    if let failure { return .failure(failure) }
    return state.withLock { $0.closed.map { .failure($0) } ?? .success(()) }
  }

  /// Adds bytes.
  ///
  /// - Returns: Whether the driving thread must be told to go on sending.
  func append(_ bytes: [UInt8]) throws(HTTPTransportError) -> Bool {
    try state.withLock { state throws(HTTPTransportError) in
      if let closed = state.closed { throw closed }
      guard !state.isFinished else { throw .invalidRequest(.concurrentUse) }
      let (total, overflows) = state.written.addingReportingOverflow(Int64(bytes.count))
      guard !overflows, declaredLength.map({ total <= $0 }) ?? true else { throw .invalidRequest(.bodyLength) }
      state.written = total
      state.unread += bytes.count
      // Small pieces are joined so that the number of pieces stays bounded too.
      if let last = state.pieces.indices.last, last >= state.index,
        bytes.count < Self.joinBelow, state.pieces[last].count < Self.joinBelow
      {
        state.pieces[last].append(contentsOf: bytes)
      } else {
        state.pieces.append(bytes)
      }
      defer { state.isStarved = false }
      return state.isStarved
    }
  }

  /// Marks the body complete.
  ///
  /// - Returns: Whether the driving thread must be told to go on sending.
  /// - Throws: `.invalidRequest(.bodyLength)` if fewer bytes came than declared, or what closed the buffer.
  func finish() throws(HTTPTransportError) -> Bool {
    try state.withLock { state throws(HTTPTransportError) in
      if let closed = state.closed { throw closed }
      guard declaredLength.map({ $0 == state.written }) ?? true else { throw .invalidRequest(.bodyLength) }
      state.isFinished = true
      defer { state.isStarved = false }
      return state.isStarved
    }
  }

  /// Drops what is unread and lets every later write fail with `reason`; the first call counts.
  func close(_ reason: HTTPTransportError) {
    let writer = state.withLock { state -> Writer? in
      if state.closed == nil { state.closed = reason }
      state.pieces = []
      state.index = 0
      state.offset = 0
      state.unread = 0
      state.canReplay = false
      defer { state.writer = nil }
      return state.writer
    }
    writer?.resume()
  }

  // MARK: Driving thread

  /// Copies the next bytes into libcurl's send buffer.
  func read(into target: UnsafeMutableRawBufferPointer) -> Reading {
    guard let base = target.baseAddress else { return .end }
    let (reading, writer) = state.withLock { state -> (Reading, Writer?) in
      var filled = 0
      while filled < target.count, state.index < state.pieces.count {
        let available = state.pieces[state.index].count - state.offset
        let count = min(available, target.count - filled)
        state.pieces[state.index].withUnsafeBytes { piece in
          guard let source = piece.baseAddress, count > 0 else { return }
          memcpy(base + filled, source + state.offset, count)
        }
        filled += count
        state.offset += count
        if state.offset == state.pieces[state.index].count { Self.leavePiece(&state) }
      }
      guard filled > 0 else {
        if let closed = state.closed { return (closed == .responseArrivedEarly ? .end : .broken, nil) }
        if state.isFinished { return (.end, nil) }
        state.isStarved = true
        return (.starved, nil)
      }
      state.unread -= filled
      state.consumed += Int64(filled)
      if state.canReplay, state.consumed > replayBytes {
        state.pieces.removeFirst(state.index)
        state.index = 0
        state.canReplay = false
      }
      guard state.unread <= windowBytes / 2 else { return (.bytes(filled), nil) }
      defer { state.writer = nil }
      return (.bytes(filled), state.writer)
    }
    writer?.resume()
    return reading
  }

  /// Goes back to the first byte.
  ///
  /// - Returns: `false` if the bytes are gone.
  func rewind() -> Bool {
    state.withLock { state in
      guard state.consumed > 0 else { return true }
      guard state.canReplay, state.closed == nil else { return false }
      state.unread += Int(state.consumed)
      state.consumed = 0
      state.index = 0
      state.offset = 0
      return true
    }
  }

  /// Whether every byte of the finished body has been read.
  var isExhausted: Bool {
    state.withLock { $0.isFinished && $0.unread == 0 && $0.closed == nil }
  }

  private static let joinBelow = 16 * 1024

  private static func leavePiece(_ state: inout State) {
    state.offset = 0
    if state.canReplay { state.index += 1 } else { state.pieces.removeFirst() }
  }
}
