import CLibCurl

/// Wakes a driving thread out of curl_multi_poll.
///
/// Proof for `@unchecked Sendable`: curl_multi_wakeup is the one call libcurl allows from any thread at any time while
/// the multi handle exists, and nothing else is done with the pointer here. `CurlLoop` holds the only copy, uses it
/// under its lock, and drops it under that lock before the handle is destroyed.
struct MultiWaker: @unchecked Sendable {
  private let multi: UnsafeMutableRawPointer

  /// A waker for a living multi handle.
  init(_ multi: UnsafeMutableRawPointer) { self.multi = multi }

  /// Ends the current poll, or the next one if none is running.
  func wake() { curl_multi_wakeup(multi) }
}
