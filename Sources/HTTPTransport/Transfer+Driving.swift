/// The driving thread's side of a transfer.
extension Transfer {
  /// What the write callback answers.
  enum Acceptance {
    case taken
    /// The hard limit is reached; libcurl keeps the bytes and hands them over again.
    case pause
    case refused
  }

  /// Takes body bytes.
  func accept(_ bytes: UnsafeRawBufferPointer) -> Acceptance {
    state.withLock { state in
      guard state.isRunning else { return .refused }
      if let left = state.drainLimit {
        guard bytes.count <= left else { return .refused }
        state.drainLimit = left - bytes.count
        state.receivedBytes += Int64(bytes.count)
        return .taken
      }
      if state.bufferedBytes > 0, state.bufferedBytes + bytes.count > hardLimitBytes {
        state.isReceivePaused = true
        return .pause
      }
      state.append(bytes)
      return .taken
    }
  }

  /// What is to be done after a hand-over.
  enum Aftermath {
    case nothing
    /// Few bytes wait for others: `flush` is to be called again.
    case lookAgain
    /// The window is full and reading must stop; the reader posts `.resumeReceive` later.
    case pause
  }

  /// Hands what arrived to whoever waits for it, where it is enough to wake somebody for.
  ///
  /// - Parameters:
  ///   - head: The head, if the caller may see it now.
  ///   - isRipe: Whether what there is has waited long enough for more.
  /// - Returns: What the driving thread has to do about it.
  func flush(head: TransferHead?, isRipe: Bool) -> Aftermath {
    var headWaiter: TransferState.HeadWaiter?
    var bodyWaiter: TransferState.BodyWaiter?
    var chunk: [UInt8]?
    let aftermath = state.withLock { state -> Aftermath in
      if state.head == nil, let head {
        state.head = head
        headWaiter = Self.takeHeadWaiter(&state)
      }
      if isRipe, state.bufferedBytes > 0 { state.isRipe = true }
      if state.bodyWaiter != nil, let next = state.takeChunk(batchBytes: batchBytes) {
        chunk = next
        bodyWaiter = state.bodyWaiter
        state.bodyWaiter = nil
      }
      guard state.isRunning else { return .nothing }
      if !state.isReceivePaused, state.bufferedBytes >= windowBytes {
        state.isReceivePaused = true
        return .pause
      }
      // As long as bytes are buffered that a reader would not get, somebody has to watch the clock for them.
      return state.bufferedBytes > 0 && !state.isRipe ? .lookAgain : .nothing
    }
    if let head { headWaiter?.resume(returning: .success(head)) }
    bodyWaiter?.resume(returning: .success(chunk))
    return aftermath
  }

  /// Ends the transfer from libcurl's side; later calls change nothing.
  ///
  /// - Parameters:
  ///   - head: The head, if one was complete and the caller may see it: a 200 whose request body was cut short
  ///     is no answer to trust.
  ///   - failure: What went wrong; `nil` is success.
  func finish(head: TransferHead?, failure: HTTPTransportError?) {
    var headWaiter: TransferState.HeadWaiter?
    var bodyWaiter: TransferState.BodyWaiter?
    var bodyResult: Result<[UInt8]?, HTTPTransportError>?
    let ended = state.withLock { state -> Bool in
      guard state.isRunning else { return false }
      state.outcome = failure.map { .failed($0) } ?? .complete
      state.head = state.head ?? head
      headWaiter = Self.takeHeadWaiter(&state)
      if let waiter = state.bodyWaiter {
        bodyWaiter = waiter
        state.bodyWaiter = nil
        bodyResult = state.nextResult(batchBytes: batchBytes)
      }
      return true
    }
    guard ended else { return }
    if let head {
      headWaiter?.resume(returning: .success(head))
    } else {
      headWaiter?.resume(returning: .failure(failure ?? .protocolError))
    }
    if let bodyResult { bodyWaiter?.resume(returning: bodyResult) }
    upload?.close(failure ?? .responseArrivedEarly)
  }

  /// Whether nobody has ended the transfer yet.
  var isRunning: Bool { state.withLock { $0.isRunning } }

  /// Whether the body's declared length has arrived.
  func hasReceived(_ length: Int64) -> Bool { state.withLock { $0.receivedBytes >= length } }

  private static func takeHeadWaiter(_ state: inout TransferState) -> TransferState.HeadWaiter? {
    guard let waiter = state.headWaiter else { return nil }
    state.headWaiter = nil
    if state.head != nil { state.isHeadTaken = true }
    return waiter
  }
}
