import CLibCurl
import Glibc

/// Tells the driving thread which of libcurl's sockets are ready; the cost of a wait does not grow with their number.
///
/// Owned by the driving thread. libcurl says through its socket callback what it wants to know of which socket; other
/// threads end a wait through a `PollerWaker`.
final class SocketPoller {
  private let epoll: Int32
  let waker: PollerWaker
  /// What is watched of each socket.
  private var watched: [Int32: UInt32] = [:]
  private let ready = UnsafeMutablePointer<mt_ready_socket>.allocate(capacity: SocketPoller.mostReady)

  private static let mostReady = 64
  private static let readable = EPOLLIN.rawValue
  private static let writable = EPOLLOUT.rawValue

  /// `nil` if the system has no descriptor left.
  init?() {
    epoll = mt_epoll_create()
    guard epoll >= 0 else { return nil }
    let event = mt_eventfd_create()
    guard event >= 0, mt_epoll_change(epoll, EPOLL_CTL_ADD, event, Self.readable) == 0 else {
      if event >= 0 { close(event) }
      close(epoll)
      return nil
    }
    waker = PollerWaker(descriptor: event)
  }

  deinit {
    close(waker.descriptor)
    close(epoll)
    ready.deallocate()
  }

  /// Watches a socket for what libcurl asks, one of the CURL_POLL values; whether the system took it.
  func watch(_ socket: Int32, for wish: Int32) -> Bool {
    let events: UInt32
    switch wish {
    case CURL_POLL_IN: events = Self.readable
    case CURL_POLL_OUT: events = Self.writable
    case CURL_POLL_INOUT: events = Self.readable | Self.writable
    default: events = 0
    }
    guard events != 0 else {
      guard watched.removeValue(forKey: socket) != nil else { return true }
      let code = mt_epoll_change(epoll, EPOLL_CTL_DEL, socket, 0)
      // A closed socket is gone from the set already.
      return code == 0 || code == ENOENT || code == EBADF
    }
    let isKnown = watched.updateValue(events, forKey: socket) != nil
    var code = mt_epoll_change(epoll, isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, events)
    // The number may have been closed and given to another socket without our being told.
    if code == ENOENT { code = mt_epoll_change(epoll, EPOLL_CTL_ADD, socket, events) }
    if code == EEXIST { code = mt_epoll_change(epoll, EPOLL_CTL_MOD, socket, events) }
    return code == 0
  }

  /// Waits until a socket is ready, a waker is used or the time is over, and calls `handle` with each ready socket and the
  /// CURL_CSELECT bits of what it is ready for.
  func wait(milliseconds: Int32, _ handle: (Int32, Int32) -> Void) {
    let count = mt_epoll_wait(epoll, ready, milliseconds)
    for index in 0..<Int(count) {
      let (socket, events) = (ready[index].descriptor, ready[index].events)
      guard socket != waker.descriptor else {
        waker.reset()
        continue
      }
      var bits: Int32 = 0
      if events & (Self.readable | EPOLLHUP.rawValue) != 0 { bits |= CURL_CSELECT_IN }
      if events & Self.writable != 0 { bits |= CURL_CSELECT_OUT }
      if events & EPOLLERR.rawValue != 0 { bits |= CURL_CSELECT_ERR }
      handle(socket, bits)
    }
  }
}

/// Ends a poller's wait from any thread.
struct PollerWaker: Sendable {
  fileprivate let descriptor: Int32

  /// Ends the current wait, or the next one if none is running; the poller must be alive.
  func wake() {
    var one: UInt64 = 1
    // A full counter has been written to before: the wait ends all the same.
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  fileprivate func reset() {
    var count: UInt64 = 0
    // Nothing to read means nothing to reset.
    _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
  }
}
