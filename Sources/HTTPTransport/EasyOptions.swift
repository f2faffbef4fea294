import CLibCurl

/// Sets options on an easy handle and remembers whether libcurl refused one.
struct EasyOptions {
  let easy: UnsafeMutableRawPointer
  private(set) var isAccepted = true

  /// Options for that handle.
  init(_ easy: UnsafeMutableRawPointer) { self.easy = easy }

  mutating func set(_ option: CURLoption, _ value: Int) { note(mt_curl_set_long(easy, option, value)) }

  mutating func set(_ option: CURLoption, _ value: Bool) { set(option, value ? 1 : 0) }

  mutating func set(_ option: CURLoption, offset: Int64) {
    note(mt_curl_set_offset(easy, option, curl_off_t(offset)))
  }

  /// libcurl copies the text.
  mutating func set(_ option: CURLoption, _ value: String?) { note(mt_curl_set_string(easy, option, value)) }

  mutating func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
    note(mt_curl_set_pointer(easy, option, value))
  }

  /// libcurl does not copy the list.
  mutating func set(_ option: CURLoption, _ value: UnsafeMutablePointer<curl_slist>?) {
    note(mt_curl_set_list(easy, option, value))
  }

  private mutating func note(_ code: CURLcode) {
    if code != CURLE_OK { isAccepted = false }
  }

  /// Sets what is the same for every transfer of a transport.
  mutating func setFixed(
    _ configuration: HTTPTransportConfiguration, resolve: UnsafeMutablePointer<curl_slist>?,
    connectTo: UnsafeMutablePointer<curl_slist>?
  ) {
    set(CURLOPT_NOSIGNAL, true)
    // A name lookup in progress must not hold the driving thread when its transfer is aborted.
    set(CURLOPT_QUICK_EXIT, true)
    set(CURLOPT_FOLLOWLOCATION, false)
    set(CURLOPT_NETRC, 0)
    set(CURLOPT_PATH_AS_IS, true)
    set(CURLOPT_PROTOCOLS_STR, configuration.allowedSchemes.contains("http") ? "http,https" : "https")
    set(CURLOPT_HTTP_VERSION, configuration.http2 ? Int(CURL_HTTP_VERSION_2TLS) : Int(CURL_HTTP_VERSION_1_1))
    set(CURLOPT_USERAGENT, configuration.userAgent)
    set(CURLOPT_PROXY, configuration.proxy ?? "")
    set(CURLOPT_NOPROXY, "")
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)

    set(CURLOPT_SSL_VERIFYPEER, true)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    if configuration.readsCertificates { set(CURLOPT_CERTINFO, true) }
    if let path = configuration.caBundlePath { set(CURLOPT_CAINFO, path) }

    set(CURLOPT_TCP_NODELAY, true)
    let keepAlive = max(1, configuration.keepAliveInterval.wholeMilliseconds / 1000)
    set(CURLOPT_TCP_KEEPALIVE, true)
    set(CURLOPT_TCP_KEEPIDLE, keepAlive)
    set(CURLOPT_TCP_KEEPINTVL, keepAlive)
    set(CURLOPT_MAXAGE_CONN, max(1, configuration.idleConnectionLifetime.wholeMilliseconds / 1000))
    set(CURLOPT_DNS_CACHE_TIMEOUT, configuration.nameCacheLifetime.wholeMilliseconds / 1000)
    set(CURLOPT_RESOLVE, resolve)
    set(CURLOPT_CONNECT_TO, connectTo)

    set(CURLOPT_BUFFERSIZE, min(max(configuration.receiveBufferBytes, 1024), 512 * 1024))

    note(mt_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION, CurlCallbacks.header))
    note(mt_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION, CurlCallbacks.write))
    note(mt_curl_set_data_callback(easy, CURLOPT_READFUNCTION, CurlCallbacks.read))
    note(mt_curl_set_seek_callback(easy, CurlCallbacks.seek))
    note(mt_curl_set_socket_callback(easy, CurlCallbacks.socket))
    let milliseconds = UInt(clamping: configuration.unacknowledgedDataTimeout.wholeMilliseconds)
    set(CURLOPT_SOCKOPTDATA, UnsafeMutableRawPointer(bitPattern: milliseconds))
  }

  /// Sets everything that differs between transfers; what an earlier transfer on the handle set is overwritten.
  mutating func setRequest(
    _ active: ActiveTransfer, remaining: Duration?, configuration: HTTPTransportConfiguration
  ) {
    let request = active.transfer.request
    set(CURLOPT_HTTPGET, true)
    set(CURLOPT_CUSTOMREQUEST, nil as String?)
    if request.hasBody {
      set(CURLOPT_UPLOAD, true)
      set(CURLOPT_INFILESIZE_LARGE, offset: request.contentLength ?? -1)
      let wanted = Int(clamping: min(request.contentLength ?? Int64.max, Int64(configuration.sendBufferBytes)))
      set(CURLOPT_UPLOAD_BUFFERSIZE, min(max(wanted, 16 * 1024), 2 * 1024 * 1024))
      if request.method != "PUT" { set(CURLOPT_CUSTOMREQUEST, request.method) }
    } else if request.method == "HEAD" {
      set(CURLOPT_NOBODY, true)
    } else if request.method != "GET" {
      set(CURLOPT_CUSTOMREQUEST, request.method)
    }
    set(CURLOPT_URL, request.url)
    for line in request.headerLines {
      guard let list = curl_slist_append(active.headerList, line) else {
        isAccepted = false
        return
      }
      active.headerList = list
    }
    set(CURLOPT_HTTPHEADER, active.headerList)
    set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.connectTimeout.wholeMilliseconds))
    set(CURLOPT_TIMEOUT_MS, remaining.map { max(1, $0.wholeMilliseconds) } ?? 0)

    let user = Unmanaged.passUnretained(active).toOpaque()
    for option in [CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_PRIVATE] {
      set(option, user)
    }
  }
}

extension Duration {
  /// Milliseconds, rounded down, within what libcurl's timers take.
  var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    guard seconds >= 0 else { return 0 }
    guard seconds < 2_000_000 else { return 2_000_000_000 }
    return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
  }
}
