import Glibc

@testable import HTTPTransport

/// A scripted HTTP server on plain sockets: one thread accepts, one more runs the script of each connection.
final class FaultServer: Sendable {
  /// What the server has seen so far.
  struct Counts: Sendable {
    var accepted = 0
    var open = 0
    var mostOpen = 0
    var requests = 0
    var bytesSent = 0
    var bytesReceived = 0
  }

  private struct State {
    var counts = Counts()
    var descriptors: Set<Int32> = []
    var isStopped = false
  }

  let port: UInt16
  private let listener: Int32
  private let state = Guarded(State())

  /// Listens on a free loopback port.
  init(_ script: @escaping @Sendable (FaultConnection) -> Void) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard listener >= 0 else { throw SocketFailure(step: "socket", number: errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        let bound = bind(listener, raw, size)
        guard bound == 0, listen(listener, 512) == 0 else { return Int32(-1) }
        return getsockname(listener, raw, &size)
      }
    }
    guard code == 0 else { throw SocketFailure(step: "listen", number: errno) }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    guard DrivingThread.start(name: "fault-accept", { [self] in acceptLoop(script) }) else {
      throw SocketFailure(step: "thread", number: 0)
    }
  }

  /// The counts now.
  var counts: Counts { state.withLock { $0.counts } }

  /// `http://127.0.0.1:PORT` and a path.
  func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Closes the listener and breaks every connection.
  func stop() {
    let open = state.withLock { state in
      defer { state.isStopped = true }
      return state.isStopped ? nil : state.descriptors
    }
    guard let open else { return }
    shutdown(listener, Int32(SHUT_RDWR))
    for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  private func acceptLoop(_ script: @escaping @Sendable (FaultConnection) -> Void) {
    defer { close(listener) }
    while true {
      let descriptor = accept(listener, nil, nil)
      guard descriptor >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        return
      }
      var one: Int32 = 1
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
      state.withLock { state in
        state.descriptors.insert(descriptor)
        state.counts.accepted += 1
        state.counts.open += 1
        state.counts.mostOpen = max(state.counts.mostOpen, state.counts.open)
      }
      let started = DrivingThread.start(name: "fault-peer") { [self] in
        script(FaultConnection(descriptor: descriptor, server: self))
        state.withLock { state in
          state.descriptors.remove(descriptor)
          state.counts.open -= 1
        }
        close(descriptor)
      }
      if !started { close(descriptor) }
    }
  }

  fileprivate func count(_ change: (inout Counts) -> Void) { state.withLock { change(&$0.counts) } }
}

/// A system call of the test server that failed.
struct SocketFailure: Error {
  let step: String
  let number: Int32
}

/// One accepted connection, used by its script's thread only.
final class FaultConnection {
  /// A request head.
  struct Request {
    let method: String
    let target: String
    let headers: [String: String]
    var contentLength: Int { headers["content-length"].flatMap { Int($0) } ?? 0 }
  }

  /// MSG_NOSIGNAL, whose Swift type differs between C libraries.
  private let noSignal: Int32 = 0x4000
  private let descriptor: Int32
  private let server: FaultServer
  private var buffered: [UInt8] = []

  init(descriptor: Int32, server: FaultServer) {
    self.descriptor = descriptor
    self.server = server
  }

  /// Reads a request head; `nil` when the client has closed.
  func readHead() -> Request? {
    while true {
      if let end = headEnd() {
        let text = String(decoding: buffered[..<end], as: UTF8.self)
        buffered.removeFirst(end + 4)
        server.count { $0.requests += 1 }
        return Self.parse(text)
      }
      guard fill() else { return nil }
    }
  }

  /// Reads exactly `count` body bytes; fewer when the client has closed.
  func readBody(_ count: Int) -> [UInt8] {
    while buffered.count < count, fill() {}
    defer { buffered.removeFirst(min(count, buffered.count)) }
    return Array(buffered.prefix(count))
  }

  /// Reads a chunked body.
  func readChunkedBody() -> [UInt8] {
    var body: [UInt8] = []
    while true {
      guard let line = readLine(), let size = Int(line, radix: 16) else { return body }
      body += readBody(size)
      _ = readLine()
      if size == 0 { return body }
    }
  }

  /// Reads and forgets until the client closes.
  func readToEnd() {
    repeat { buffered.removeAll(keepingCapacity: true) } while fill()
  }

  /// Writes everything, or stops when the client is gone.
  @discardableResult
  func write(_ bytes: [UInt8]) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let sent = bytes.withUnsafeBytes { buffer -> Int in
        guard let base = buffer.baseAddress else { return -1 }
        return send(descriptor, base + offset, buffer.count - offset, noSignal)
      }
      if sent < 0, errno == EINTR { continue }
      guard sent > 0 else { return false }
      offset += sent
      server.count { $0.bytesSent += sent }
    }
    return true
  }

  /// Writes text, whose lines end with CR LF already.
  @discardableResult
  func write(_ text: String) -> Bool { write(Array(text.utf8)) }

  /// Writes a complete response.
  func respond(_ status: String, headers: [String] = [], body: String = "") {
    let lines = ["HTTP/1.1 \(status)"] + headers + ["Content-Length: \(body.utf8.count)", "", ""]
    write(lines.joined(separator: "\r\n") + body)
  }

  /// Breaks the connection with a TCP reset when the script ends.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Bounds the kernel's send buffer.
  func limitSendBuffer(_ bytes: Int32) {
    var value = bytes
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 256 * 1024)
    while true {
      let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      buffered += chunk[..<count]
      server.count { $0.bytesReceived += count }
      return true
    }
  }

  private func readLine() -> String? {
    while true {
      if let end = buffered.firstIndex(of: 0x0A) {
        let line = String(decoding: buffered[..<max(0, end - 1)], as: UTF8.self)
        buffered.removeFirst(end + 1)
        return line
      }
      guard fill() else { return nil }
    }
  }

  private func headEnd() -> Int? {
    guard buffered.count >= 4 else { return nil }
    return (0...(buffered.count - 4)).first { Array(buffered[$0..<($0 + 4)]) == [13, 10, 13, 10] }
  }

  private static func parse(_ text: String) -> Request {
    let lines = text.split(separator: "\r\n")
    let start = (lines.first ?? "").split(separator: " ")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard let name = parts.first else { continue }
      headers[name.lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
    }
    return Request(method: String(start.first ?? ""), target: String(start.dropFirst().first ?? ""), headers: headers)
  }
}
