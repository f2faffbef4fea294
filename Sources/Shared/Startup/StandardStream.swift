internal import Glibc

/// Where a command's words go: results to standard output, everything about them to standard error.
package enum StandardStream: Sendable, Hashable {
  case output
  case error

  /// Whether a person is looking at it.
  package var isTerminal: Bool { isatty(descriptor) == 1 }

  /// The columns of the terminal; 80 where it does not say.
  package var columns: Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes the text as it is, without a line's end of its own.
  package func write(_ text: String) { write(bytes: Array(text.utf8)) }

  /// Writes bytes as they are.
  package func write(bytes: [UInt8]) {
    var bytes = bytes[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      // Nobody reads the other end any more: there is no one left to tell.
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
  }

  private var descriptor: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }
}
