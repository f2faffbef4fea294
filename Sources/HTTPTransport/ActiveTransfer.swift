import CLibCurl

/// A transfer that holds a connection slot and an easy handle.
///
/// Made, used and released on the driving thread only; libcurl's callbacks get a pointer to it, which stays valid
/// because the thread's table keeps it until the handle is removed from the multi handle.
final class ActiveTransfer {
  let transfer: Transfer
  let easy: UnsafeMutableRawPointer
  /// The header list libcurl reads during the transfer.
  var headerList: UnsafeMutablePointer<curl_slist>?
  private(set) var head: TransferHead?
  /// Why a callback refused to go on; it explains libcurl's own code.
  private(set) var failure: HTTPTransportError?
  private var parser: ResponseHeadParser
  private var stall: StallDetector
  private var isReceivePaused = false
  private var isSendPaused = false
  /// The read callback has reported the body's end.
  private var hasSentEnd = false
  /// The server answered with 300 or above before the body was sent.
  private(set) var isAnsweredEarly = false
  private var isHeadShown = false
  /// Whether something happened that `CurlLoopThread.flushTouched` has to hand on.
  var isTouched = false
  /// Since when bytes wait for more to be handed over with; nil while none do.
  private var heldSince: ContinuousClock.Instant?
  private let touch: (ActiveTransfer) -> Void

  /// Wraps a transfer; `touch` is called once per perform round in which something arrived.
  init(
    transfer: Transfer, easy: UnsafeMutableRawPointer, configuration: HTTPTransportConfiguration,
    touch: @escaping (ActiveTransfer) -> Void
  ) {
    self.transfer = transfer
    self.easy = easy
    self.touch = touch
    parser = ResponseHeadParser(
      maxBytes: configuration.maxResponseHeaderBytes, maxLines: configuration.maxResponseHeaderLines)
    stall = StallDetector(
      limitBytesPerSecond: transfer.request.lowSpeedLimitBytesPerSecond, grace: transfer.request.lowSpeedTime)
  }

  // MARK: Callbacks

  /// Takes a header line; `false` breaks the transfer off.
  func receiveHeaderLine(_ line: UnsafeRawBufferPointer) -> Bool {
    switch parser.consume(line) {
    case .more: return true
    case .failed(let error):
      failure = error
      return false
    case .headComplete:
      let head = TransferHead(
        status: parser.status, headers: parser.fields, timings: easy.timings,
        certificateExpiry: easy.certificateExpiry)
      self.head = head
      noteTouched()
      if head.status >= 300, let upload = transfer.upload, !hasSentEnd, !isUploadSent {
        isAnsweredEarly = true
        upload.close(.responseArrivedEarly)
      }
      return true
    }
  }

  /// Takes body bytes; the number libcurl wants back.
  func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch transfer.accept(bytes) {
    case .taken:
      noteTouched()
      return bytes.count
    case .pause:
      isReceivePaused = true
      return Int(CURL_WRITEFUNC_PAUSE)
    case .refused:
      return bytes.isEmpty ? 1 : 0
    }
  }

  /// Fills libcurl's send buffer; the number libcurl wants back.
  func sendBody(into target: UnsafeMutableRawBufferPointer) -> Int {
    guard let upload = transfer.upload else { return 0 }
    switch upload.read(into: target) {
    case .bytes(let count): return count
    case .end:
      hasSentEnd = true
      return 0
    case .starved:
      isSendPaused = true
      return Int(CURL_READFUNC_PAUSE)
    case .broken: return Int(CURL_READFUNC_ABORT)
    }
  }

  /// Goes back to the start of the request body.
  func rewind() -> Bool {
    hasSentEnd = false
    return transfer.upload?.rewind() ?? true
  }

  // MARK: Between perform rounds

  /// Hands arrived head and bytes on and stops reading when the window is full.
  func flush() {
    isTouched = false
    var visible: TransferHead?
    if let head, !isHeadShown {
      if mayShowHead(head) {
        isHeadShown = true
        visible = head
      } else {
        noteTouched()
      }
    }
    let isRipe = heldSince.map { $0.duration(to: .now) >= transfer.batchDelay } ?? false
    switch transfer.flush(head: visible, isRipe: isRipe) {
    case .nothing: heldSince = nil
    case .lookAgain:
      heldSince = heldSince ?? .now
      noteTouched()
    case .pause:
      heldSince = nil
      if !isReceivePaused {
        isReceivePaused = true
        applyPause()
      }
    }
    if isAnsweredEarly, isSendPaused { resumeSend() }
  }

  /// Goes on reading.
  func resumeReceive() {
    isReceivePaused = false
    applyPause()
    // What the reader left may be too little for a batch: from now on the clock is watched for it.
    noteTouched()
  }

  /// Goes on asking for body bytes.
  func resumeSend() {
    isSendPaused = false
    applyPause()
  }

  /// Whether the response is complete although libcurl still waits to send: after an early answer nothing of the rest
  /// of the request matters.
  var isCompleteEarly: Bool {
    guard isAnsweredEarly, isHeadShown, let length = head?.contentLength else { return false }
    return transfer.hasReceived(length)
  }

  /// Why the transfer has to end now, if the clock says so.
  func expiry(at now: ContinuousClock.Instant) -> HTTPTransportError? {
    let bytes = easy.offset(CURLINFO_SIZE_DOWNLOAD_T) &+ easy.offset(CURLINFO_SIZE_UPLOAD_T)
    // Until the connection stands the connect deadline counts.
    let isConnecting = easy.offset(CURLINFO_PRETRANSFER_TIME_T) == 0
    let isStalled = stall.observe(
      at: now, bytes: bytes &+ easy.long(CURLINFO_HEADER_SIZE),
      isExempt: isConnecting || isReceivePaused || isSendPaused)
    return isStalled ? .stalled : nil
  }

  /// The head as far as the caller may see it when the transfer ends with `failure`.
  func finalHead(with failure: HTTPTransportError?) -> TransferHead? {
    head.flatMap { failure == nil || mayShowHead($0) ? $0 : nil }
  }

  /// The end that libcurl's result code means for the caller; `nil` is success.
  func failure(for code: CURLcode) -> HTTPTransportError? {
    if let failure { return failure }
    if isAnsweredEarly, let length = head?.contentLength, transfer.hasReceived(length) { return nil }
    if code == CURLE_OK { return head == nil ? .protocolError : nil }
    return HTTPTransportError(
      code, easy: easy, isSecure: transfer.request.origin.isSecure, hasHead: head != nil)
  }

  private func noteTouched() {
    guard !isTouched else { return }
    isTouched = true
    touch(self)
  }

  private func applyPause() {
    let bits = (isReceivePaused ? CURLPAUSE_RECV : 0) | (isSendPaused ? CURLPAUSE_SEND : 0)
    let code = curl_easy_pause(easy, bits)
    // Un-pausing may hand over held bytes at once; a refusal there ends the transfer in the next perform round or, if
    // libcurl has nothing left to do for it, here.
    if code != CURLE_OK, failure == nil { failure = failure(for: code) ?? .receiveFailed }
  }

  private var isUploadSent: Bool {
    transfer.request.contentLength.map { easy.offset(CURLINFO_SIZE_UPLOAD_T) >= $0 } ?? hasSentEnd
  }

  private func mayShowHead(_ head: TransferHead) -> Bool {
    transfer.upload == nil || head.status >= 300 || isUploadSent
  }
}
