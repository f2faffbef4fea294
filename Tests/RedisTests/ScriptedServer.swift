import Glibc
import Synchronization

@testable import Redis

/// A server of plain sockets that answers PING correctly and every other command with scripted bytes.
///
/// It ends with the listening socket: `stop()` closes it, and every connection's thread ends when its peer does.
final class ScriptedServer: Sendable {
  enum Step: Sendable {
    case send([UInt8])
    /// The same bytes many times over, until the peer gives up.
    case flood([UInt8], times: Int)
    /// Close with a reset instead of an orderly end.
    case reset
    /// Close in order.
    case close
    /// Send nothing more and leave the connection open.
    case hang
  }

  struct Failure: Error {}

  let port: Int
  private let listener: Int32
  private let accepted = Atomic(0)

  /// The number of connections accepted so far.
  var connectionCount: Int { accepted.load(ordering: .relaxed) }

  init(_ script: [Step], greets: Bool = true) throws {
    (listener, port) = try Self.listen()
    let listener = self.listener
    let isStarted = DriverThread.start(name: "scripted") { [self] in
      while true {
        let peer = accept(listener, nil, nil)
        guard peer >= 0 else { return }
        accepted.add(1, ordering: .relaxed)
        _ = DriverThread.start(name: "scripted-peer") { Self.serve(peer, script: script, greets: greets) }
      }
    }
    guard isStarted else { throw Failure() }
  }

  convenience init(answering text: String, then last: Step = .hang) throws {
    try self.init([.send(Array(text.utf8)), last])
  }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private static func serve(_ peer: Int32, script: [Step], greets: Bool) {
    defer { close(peer) }
    if greets {
      guard receive(peer) else { return }
      write(peer, Array("+PONG\r\n".utf8))
      guard receive(peer) else { return }
    }
    for step in script {
      switch step {
      case .send(let bytes): write(peer, bytes)
      case .flood(let bytes, let times):
        for _ in 0..<times where !write(peer, bytes) { return }
      case .reset:
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(peer, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        return
      case .close: return
      case .hang: while receive(peer) {}
      }
    }
  }

  /// Waits for some bytes of the peer; false at its end.
  private static func receive(_ peer: Int32) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    return recv(peer, &buffer, buffer.count, 0) > 0
  }

  @discardableResult
  private static func write(_ peer: Int32, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// A listening socket on 127.0.0.1, below the ephemeral range.
  private static func listen() throws -> (descriptor: Int32, port: Int) {
    for _ in 0..<200 {
      let port = Int.random(in: 20_000..<32_000)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      if withAddress(port, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 64) == 0 {
        return (descriptor, port)
      }
      close(descriptor)
    }
    throw Failure()
  }

  /// A port nothing listens on at the moment.
  static func freePort() throws -> Int {
    let (descriptor, port) = try listen()
    close(descriptor)
    return port
  }

  /// Whether something accepts connections on the port.
  static func accepts(port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return withAddress(port) { connect(descriptor, $0, $1) } == 0
  }

  private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
