import CLibCurl

/// The driving thread: owns the multi handle, the easy handles and the active transfers.
///
/// Not sendable on purpose: it is made inside the thread's entry closure and never leaves it.
final class CurlLoopThread {
  private let loop: CurlLoop
  private let configuration: HTTPTransportConfiguration
  private let multi: UnsafeMutableRawPointer
  private let poller: SocketPoller
  private var active: [ObjectIdentifier: ActiveTransfer] = [:]
  /// Easy handles ready for use; bounded by the number of slots.
  private var idle: [UnsafeMutableRawPointer] = []
  private var touched: [ActiveTransfer] = []
  private var nextSweep = ContinuousClock.now
  /// When libcurl wants to be called whatever its sockets do.
  private var timer: ContinuousClock.Instant?
  /// A socket could not be watched: the transfers would wait for ever.
  private var hasLostSocket = false
  private var resolveList: UnsafeMutablePointer<curl_slist>?
  private var connectToList: UnsafeMutablePointer<curl_slist>?

  /// How often deadlines and speeds are looked at.
  private static let sweepInterval: Duration = .milliseconds(200)

  /// Makes the multi handle; `nil`, with the loop closed, if libcurl has no memory for it.
  init?(loop: CurlLoop, configuration: HTTPTransportConfiguration) {
    guard let multi = curl_multi_init(), let poller = SocketPoller() else {
      for transfer in loop.detach() { transfer.finish(head: nil, failure: .unavailable) }
      loop.noteExit()
      return nil
    }
    self.loop = loop
    self.configuration = configuration
    self.multi = multi
    self.poller = poller
    let perHost = configuration.share(of: configuration.maxConnectionsPerHost)
    let total = configuration.share(of: configuration.maxTotalConnections)
    // The admission queue keeps active transfers under these; here they also count idle connections.
    mt_curl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, perHost)
    mt_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total)
    mt_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, total)
    mt_curl_multi_set_long(multi, CURLMOPT_PIPELINING, configuration.http2 ? Int(CURLPIPE_MULTIPLEX) : 0)
    for entry in configuration.resolveOverrides { resolveList = curl_slist_append(resolveList, entry) ?? resolveList }
    for entry in configuration.connectToOverrides {
      connectToList = curl_slist_append(connectToList, entry) ?? connectToList
    }
    loop.attach(poller.waker)
    let user = Unmanaged.passUnretained(self).toOpaque()
    mt_curl_multi_set_socket_callback(multi, CurlCallbacks.watch)
    mt_curl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, user)
    mt_curl_multi_set_timer_callback(multi, CurlCallbacks.timer)
    mt_curl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, user)
  }

  /// Drives transfers until the loop is stopped.
  func run() {
    while true {
      let (commands, isStopping) = loop.takeCommands()
      if isStopping { break }
      for command in commands { carryOut(command) }
      callTimer()
      collectFinished()
      flushTouched()
      sweepIfDue()
      guard loop.prepareToSleep() else { continue }
      poller.wait(milliseconds: sleepMilliseconds()) { socket, bits in
        var running: Int32 = 0
        note(curl_multi_socket_action(multi, socket, bits, &running))
      }
      loop.noteAwake()
    }
    shutDown()
  }

  // MARK: Sockets and time

  /// Watches a socket for libcurl.
  func watch(_ socket: Int32, for wish: Int32) {
    if !poller.watch(socket, for: wish) { hasLostSocket = true }
  }

  /// Notes when libcurl wants to be called; nil never.
  func setTimer(milliseconds: Int?) {
    timer = milliseconds.map { .now + .milliseconds($0) }
  }

  private func callTimer() {
    // What is due at once may ask for more at once; the rest of the round has its turn after some of it.
    for _ in 0..<8 {
      guard let timer, timer <= .now else { return }
      self.timer = nil
      var running: Int32 = 0
      note(curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running))
    }
  }

  private func note(_ code: CURLMcode) {
    if code != CURLM_OK || hasLostSocket {
      hasLostSocket = false
      endAll(.unavailable)
    }
  }

  /// Until the next thing to do by the clock; long where nothing is in progress.
  private func sleepMilliseconds() -> Int32 {
    var limit = active.isEmpty && loop.load.queued == 0 ? 30_000 : 200
    if !touched.isEmpty { limit = 10 }
    // Rounded up: a call before its time would find nothing to do.
    if let timer { limit = min(limit, max(0, ContinuousClock.now.duration(to: timer).wholeMilliseconds + 1)) }
    return Int32(clamping: limit)
  }

  private func carryOut(_ command: CurlLoop.Command) {
    switch command {
    case .start(let transfer): start(transfer)
    case .abort(let transfer):
      guard let entry = active[ObjectIdentifier(transfer)] else { return }
      end(entry, failure: .cancelled)
    case .resumeReceive(let transfer): active[ObjectIdentifier(transfer)]?.resumeReceive()
    case .resumeSend(let transfer): active[ObjectIdentifier(transfer)]?.resumeSend()
    }
  }

  // MARK: Starting

  /// Starts a transfer that has a slot; one that cannot start gives the slot to the next.
  private func start(_ first: Transfer) {
    var candidate: Transfer? = first
    while let transfer = candidate {
      guard let failure = tryStart(transfer) else { return }
      transfer.finish(head: nil, failure: failure)
      candidate = loop.release(transfer.request.origin)
    }
  }

  private func tryStart(_ transfer: Transfer) -> HTTPTransportError? {
    guard transfer.isRunning else { return .cancelled }
    let waited = transfer.submittedAt.duration(to: .now)
    let remaining = transfer.request.totalTimeout.map { $0 - waited }
    if let remaining, remaining <= .zero { return .timedOut(.queue) }
    guard let easy = idle.popLast() ?? makeEasy() else { return .unavailable }
    let entry = ActiveTransfer(transfer: transfer, easy: easy, configuration: configuration) { [unowned self] entry in
      touched.append(entry)
    }
    var options = EasyOptions(easy)
    options.setRequest(entry, remaining: remaining, configuration: configuration)
    guard options.isAccepted, curl_multi_add_handle(multi, easy) == CURLM_OK else {
      reclaim(entry)
      return .unavailable
    }
    active[ObjectIdentifier(transfer)] = entry
    return nil
  }

  private func makeEasy() -> UnsafeMutableRawPointer? {
    guard let easy = curl_easy_init() else { return nil }
    var options = EasyOptions(easy)
    options.setFixed(configuration, resolve: resolveList, connectTo: connectToList)
    guard options.isAccepted else {
      curl_easy_cleanup(easy)
      return nil
    }
    return easy
  }

  // MARK: Ending

  private func collectFinished() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      let code = message.pointee.data.result
      var user: UnsafeMutableRawPointer?
      guard mt_curl_read_pointer(easy, CURLINFO_PRIVATE, &user) == CURLE_OK, let user else { continue }
      let entry = Unmanaged<ActiveTransfer>.fromOpaque(user).takeUnretainedValue()
      end(entry, failure: entry.failure(for: code))
    }
  }

  /// Takes the handle from libcurl, tells the waiters, and gives the slot on.
  private func end(_ entry: ActiveTransfer, failure: HTTPTransportError?) {
    let transfer = entry.transfer
    guard active.removeValue(forKey: ObjectIdentifier(transfer)) != nil else { return }
    let head = entry.finalHead(with: failure)
    curl_multi_remove_handle(multi, entry.easy)
    reclaim(entry)
    // The slot is free before the waiter goes on, and used again after.
    let next = loop.release(transfer.request.origin)
    transfer.finish(head: head, failure: failure)
    if let next { start(next) }
  }

  /// Makes a handle ready for the next transfer.
  private func reclaim(_ entry: ActiveTransfer) {
    var options = EasyOptions(entry.easy)
    options.set(CURLOPT_HTTPHEADER, nil as UnsafeMutablePointer<curl_slist>?)
    curl_slist_free_all(entry.headerList)
    entry.headerList = nil
    if idle.count < configuration.share(of: configuration.maxTotalConnections) {
      idle.append(entry.easy)
    } else {
      curl_easy_cleanup(entry.easy)
    }
  }

  private func flushTouched() {
    let round = touched
    touched.removeAll(keepingCapacity: true)
    for entry in round where active[ObjectIdentifier(entry.transfer)] === entry {
      entry.flush()
      if let failure = entry.failure {
        end(entry, failure: failure)
      } else if entry.isCompleteEarly {
        end(entry, failure: nil)
      }
    }
  }

  private func sweepIfDue() {
    let now = ContinuousClock.now
    guard now >= nextSweep else { return }
    nextSweep = now + Self.sweepInterval
    for entry in Array(active.values) {
      if let failure = entry.failure ?? entry.expiry(at: now) { end(entry, failure: failure) }
    }
    for transfer in loop.waitingTransfers {
      guard let limit = transfer.request.totalTimeout, transfer.submittedAt.duration(to: now) >= limit else { continue }
      transfer.abort(.timedOut(.queue))
    }
  }

  private func endAll(_ failure: HTTPTransportError) {
    for entry in Array(active.values) { end(entry, failure: failure) }
  }

  private func shutDown() {
    let orphans = loop.detach()
    for transfer in orphans { transfer.finish(head: nil, failure: .closed) }
    for entry in active.values {
      curl_multi_remove_handle(multi, entry.easy)
      reclaim(entry)
      entry.transfer.finish(head: nil, failure: .closed)
    }
    active = [:]
    for easy in idle { curl_easy_cleanup(easy) }
    curl_multi_cleanup(multi)
    curl_slist_free_all(resolveList)
    curl_slist_free_all(connectToList)
    loop.noteExit()
  }
}
