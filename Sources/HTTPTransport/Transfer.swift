/// One request on its way, shared by the task that made it and the thread that drives it.
///
/// The waiting side calls the methods of this file; the driving thread those of `Transfer+Driving.swift`. A waiter is
/// always resumed outside the lock, and exactly once: taking it out of the state is part of every transition that ends
/// its wait.
final class Transfer: Sendable {
  let request: PreparedRequest
  let upload: UploadBuffer?
  let loop: CurlLoop
  let submittedAt: ContinuousClock.Instant
  let windowBytes: Int
  /// Fewer bytes wait for others.
  let batchBytes: Int
  let batchDelay: Duration
  /// The window plus one socket read.
  let hardLimitBytes: Int
  let state = Guarded(TransferState())

  /// A transfer to be submitted to `loop`.
  init(request: PreparedRequest, upload: UploadBuffer?, loop: CurlLoop, configuration: HTTPTransportConfiguration) {
    self.request = request
    self.upload = upload
    self.loop = loop
    submittedAt = ContinuousClock.now
    windowBytes = max(1, configuration.windowBytes)
    // What does not suffice for a batch must always be little enough for reading to go on.
    batchBytes = min(configuration.batchBytes, windowBytes / 2)
    batchDelay = configuration.batchDelay
    hardLimitBytes = windowBytes + max(16 * 1024, configuration.receiveBufferBytes)
  }

  /// Waits for the response head.
  ///
  /// Cancelling the task aborts the transfer.
  func awaitHead() async throws(HTTPTransportError) -> TransferHead {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: TransferState.HeadWaiter) in
        let now = state.withLock { state -> Result<TransferHead, HTTPTransportError>? in
          if let head = state.head, !state.isHeadTaken {
            state.isHeadTaken = true
            return .success(head)
          }
          if case .failed(let error) = state.outcome { return .failure(error) }
          guard state.headWaiter == nil, !state.isHeadTaken else { return .failure(.invalidRequest(.concurrentUse)) }
          state.headWaiter = continuation
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      abort(.cancelled)
    }
    return try result.get()
  }

  /// Waits for the next body chunk; `nil` is the end.
  ///
  /// Chunks that arrived before a failure come before it. Cancelling the task aborts the transfer.
  func nextChunk(isolation: isolated (any Actor)?) async throws(HTTPTransportError) -> [UInt8]? {
    if Task.isCancelled {
      abort(.cancelled)
      throw .cancelled
    }
    let (ready, mustResume) = state.withLock { state in
      (state.nextResult(batchBytes: batchBytes), Self.reopenWindow(&state, halfOf: windowBytes))
    }
    if mustResume { loop.post(.resumeReceive(self)) }
    if let ready { return try ready.get() }

    let result = await withTaskCancellationHandler {
      await withCheckedContinuation(isolation: isolation) { (continuation: TransferState.BodyWaiter) in
        let now = state.withLock { state -> Result<[UInt8]?, HTTPTransportError>? in
          guard state.bodyWaiter == nil else { return .failure(.invalidRequest(.concurrentUse)) }
          if let result = state.nextResult(batchBytes: batchBytes) { return result }
          state.bodyWaiter = continuation
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      abort(.cancelled)
    }
    return try result.get()
  }

  /// Ends the transfer from our side: waiters fail with `error`, the connection is closed, the handle reclaimed.
  ///
  /// After the transfer's end only the buffered bytes are dropped, and reading on fails if there were any.
  func abort(_ error: HTTPTransportError) {
    let (wasRunning, head, body) = state.withLock { state in
      let wasRunning = state.isRunning
      if wasRunning || !state.chunks.isEmpty { state.outcome = .failed(error) }
      state.dropChunks()
      defer {
        state.headWaiter = nil
        state.bodyWaiter = nil
      }
      return (wasRunning, state.headWaiter, state.bodyWaiter)
    }
    guard wasRunning else { return }
    head?.resume(returning: .failure(error))
    body?.resume(returning: .failure(error))
    upload?.close(error)
    loop.post(.abort(self))
  }

  /// Lets go of the response: what is left of its body is thrown away if it is at most `limit` bytes, so that the
  /// connection can be used again; otherwise the transfer is aborted.
  func drain(upTo limit: Int) {
    let (mustAbort, mustResume) = state.withLock { state -> (Bool, Bool) in
      state.dropChunks()
      guard state.isRunning, state.drainLimit == nil else {
        state.drainLimit = state.drainLimit ?? 0
        return (false, false)
      }
      if let length = state.head?.contentLength, length - state.receivedBytes > Int64(limit) { return (true, false) }
      state.drainLimit = limit
      defer { state.isReceivePaused = false }
      return (false, state.isReceivePaused)
    }
    if mustAbort { abort(.cancelled) }
    if mustResume { loop.post(.resumeReceive(self)) }
  }

  /// What happens when the response body is dropped: an abort unless it is being drained.
  func abandonBody() {
    if state.withLock({ $0.isRunning && $0.drainLimit == nil }) { abort(.cancelled) }
  }

  /// What happens when an upload is dropped: an abort unless its response was handed out.
  func abandonUpload() {
    if state.withLock({ $0.isRunning && !$0.isHeadTaken }) { abort(.cancelled) }
  }

  private static func reopenWindow(_ state: inout TransferState, halfOf windowBytes: Int) -> Bool {
    guard state.isReceivePaused, state.bufferedBytes <= windowBytes / 2 else { return false }
    state.isReceivePaused = false
    return true
  }
}
