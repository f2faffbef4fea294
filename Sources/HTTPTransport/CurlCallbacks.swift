import CLibCurl
import Glibc

/// The C functions libcurl calls on the driving thread; where not said otherwise, the user pointer is the unretained
/// `ActiveTransfer`.
enum CurlCallbacks {
  static let header: mt_curl_data_callback = { data, size, count, user in
    guard let data, let user else { return 0 }
    let line = UnsafeRawBufferPointer(start: data, count: size * count)
    return active(user).receiveHeaderLine(line) ? line.count : 0
  }

  static let write: mt_curl_data_callback = { data, size, count, user in
    guard let user else { return 0 }
    return active(user).receiveBody(UnsafeRawBufferPointer(start: data, count: size * count))
  }

  static let read: mt_curl_data_callback = { data, size, count, user in
    guard let data, let user else { return 0 }
    return active(user).sendBody(into: UnsafeMutableRawBufferPointer(start: data, count: size * count))
  }

  static let seek: mt_curl_seek_callback = { user, offset, origin in
    guard let user, offset == 0, origin == SEEK_SET else { return CURL_SEEKFUNC_FAIL }
    return active(user).rewind() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
  }

  /// Sets TCP_USER_TIMEOUT; the user pointer is the number of milliseconds.
  static let socket: mt_curl_socket_callback = { user, descriptor, _ in
    var milliseconds = UInt32(clamping: UInt(bitPattern: user))
    // A kernel without the option leaves its own, longer limit: no reason to refuse the connection.
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, socklen_t(MemoryLayout<UInt32>.size))
    return CURL_SOCKOPT_OK
  }

  /// Watches a socket; the user pointer is the unretained `CurlLoopThread`.
  static let watch: curl_socket_callback = { _, socket, wish, user, _ in
    guard let user else { return -1 }
    Unmanaged<CurlLoopThread>.fromOpaque(user).takeUnretainedValue().watch(socket, for: wish)
    return 0
  }

  /// Sets the timer; the user pointer is the unretained `CurlLoopThread`.
  static let timer: curl_multi_timer_callback = { _, milliseconds, user in
    guard let user else { return -1 }
    Unmanaged<CurlLoopThread>.fromOpaque(user).takeUnretainedValue()
      .setTimer(milliseconds: milliseconds < 0 ? nil : milliseconds)
    return 0
  }

  private static func active(_ user: UnsafeMutableRawPointer) -> ActiveTransfer {
    Unmanaged<ActiveTransfer>.fromOpaque(user).takeUnretainedValue()
  }
}
