/// What the reader of a response and the driving thread share about one transfer; guarded by `Transfer`'s lock.
struct TransferState {
  /// How far the transfer is.
  enum Outcome {
    case running
    case complete
    case failed(HTTPTransportError)
  }

  typealias HeadWaiter = CheckedContinuation<Result<TransferHead, HTTPTransportError>, Never>
  typealias BodyWaiter = CheckedContinuation<Result<[UInt8]?, HTTPTransportError>, Never>

  var outcome: Outcome = .running
  /// The head, once the caller may have it.
  var head: TransferHead?
  var isHeadTaken = false
  var headWaiter: HeadWaiter?
  var bodyWaiter: BodyWaiter?
  var chunks: [[UInt8]] = []
  var bufferedBytes = 0
  var receivedBytes: Int64 = 0
  /// What is buffered has waited for more for long enough.
  var isRipe = false
  /// Set by the driving thread when it stops reading, cleared by the reader that asks it to go on.
  var isReceivePaused = false
  /// Bytes that may still be thrown away; `nil` while somebody reads.
  var drainLimit: Int?

  var isRunning: Bool {
    if case .running = outcome { true } else { false }
  }

  /// Adds received bytes, filling the last chunk before a new one is begun.
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    bufferedBytes += bytes.count
    receivedBytes += Int64(bytes.count)
    var rest = bytes[...]
    if let last = chunks.indices.last {
      let room = chunks[last].capacity - chunks[last].count
      if room > 0 {
        chunks[last].append(contentsOf: rest.prefix(room))
        rest = rest.dropFirst(room)
      }
    }
    guard !rest.isEmpty else { return }
    var chunk: [UInt8] = []
    chunk.reserveCapacity(max(rest.count, min(Self.chunkBytes, expectedRest)))
    chunk.append(contentsOf: rest)
    chunks.append(chunk)
  }

  /// Removes the oldest chunk where what is buffered is worth handing over.
  mutating func takeChunk(batchBytes: Int) -> [UInt8]? {
    guard isWorthReading(batchBytes: batchBytes) else { return nil }
    isRipe = true
    return popChunk()
  }

  /// Removes the oldest chunk.
  private mutating func popChunk() -> [UInt8]? {
    guard !chunks.isEmpty else { return nil }
    let chunk = chunks.removeFirst()
    bufferedBytes -= chunk.count
    if bufferedBytes == 0 { isRipe = false }
    return chunk
  }

  /// Forgets what is buffered.
  mutating func dropChunks() {
    chunks = []
    bufferedBytes = 0
    isRipe = false
  }

  /// Whether what is buffered is to be handed over although more is to come.
  ///
  /// Once it is, all of it is: a reader that was woken takes every chunk before it waits again.
  func isWorthReading(batchBytes: Int) -> Bool {
    bufferedBytes > 0 && (isRipe || bufferedBytes >= batchBytes || !isRunning || isComplete)
  }

  /// What a reader gets now; `nil` if it has to wait.
  mutating func nextResult(batchBytes: Int) -> Result<[UInt8]?, HTTPTransportError>? {
    if let chunk = takeChunk(batchBytes: batchBytes) { return .success(chunk) }
    // What was thrown away must not look like a short body.
    if drainLimit != nil { return .failure(.cancelled) }
    return switch outcome {
    case .running: nil
    case .complete: .success(nil)
    case .failed(let error): .failure(error)
    }
  }

  /// Whether every byte the head promised has arrived.
  private var isComplete: Bool { head?.contentLength.map { receivedBytes >= $0 } ?? false }

  /// Body bytes still to come as far as the head tells, for sizing a chunk.
  private var expectedRest: Int {
    guard let length = head?.contentLength else { return Self.chunkBytes }
    return Int(clamping: length - receivedBytes) + 1
  }

  /// Size of a full chunk.
  static let chunkBytes = 256 * 1024
}
