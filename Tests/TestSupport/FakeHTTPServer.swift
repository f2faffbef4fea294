private import Foundation
private import Synchronization

/// A scripted HTTP/1.1 server over plain sockets: it answers each request with exactly the bytes a test wants, or not at
/// all.
///
/// Every accepted connection has a thread of its own. Requests are read whole (head and declared body) before the script
/// is asked, unless the reply says not to.
package final class FakeHTTPServer: Sendable {
  /// A request as it came in.
  package struct Request: Sendable {
    package let method: String
    /// Path and query as sent.
    package let target: String
    /// Lower-case names.
    package let headers: [String: String]
    package let body: [UInt8]
  }

  /// What to do with one request.
  package enum Reply: Sendable {
    /// Sends these bytes and keeps the connection.
    case raw([UInt8])
    /// Sends these bytes, then closes the connection.
    case rawThenClose([UInt8])
    /// Closes the connection without a byte.
    case close
    /// Sends these bytes and then nothing more, keeping the connection open until the server stops.
    case stall([UInt8])
  }

  private struct State {
    var listener: Int32
    var connections: Set<Int32> = []
    var requests: [Request] = []
    var isStopped = false
  }

  package let port: UInt16
  private let state: Mutex<State>
  private let script: @Sendable (Request, Int) -> Reply

  /// `http://127.0.0.1:<port>`.
  package var address: String { "http://127.0.0.1:\(port)" }
  /// The requests so far, in order of arrival.
  package var requests: [Request] { state.withLock { $0.requests } }

  /// Starts listening; `script` is asked with each request and its number from 0.
  package init(_ script: @escaping @Sendable (Request, Int) -> Reply) throws {
    self.script = script
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard listener >= 0 else { throw SocketFailure(number: errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard isBound else { throw SocketFailure(number: errno) }
    port = UInt16(bigEndian: address.sin_port)
    state = Mutex(State(listener: listener))
    let thread = Thread { [self] in accept(on: listener) }
    thread.start()
  }

  /// Closes every socket; threads end on their own.
  package func stop() {
    let sockets = state.withLock { state -> [Int32] in
      guard !state.isStopped else { return [] }
      state.isStopped = true
      return [state.listener] + state.connections
    }
    for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
  }

  private func accept(on listener: Int32) {
    while true {
      let connection = Foundation.accept(listener, nil, nil)
      guard connection >= 0 else {
        if errno == EINTR { continue }
        close(listener)
        return
      }
      let isStopped = state.withLock { state in
        state.connections.insert(connection)
        return state.isStopped
      }
      let thread = Thread { [self] in
        if !isStopped { serve(connection) }
        _ = state.withLock { $0.connections.remove(connection) }
        close(connection)
      }
      thread.start()
    }
  }

  private func serve(_ connection: Int32) {
    var buffer: [UInt8] = []
    while let request = Self.readRequest(connection, &buffer) {
      let number = state.withLock { state in
        state.requests.append(request)
        return state.requests.count - 1
      }
      switch script(request, number) {
      case .raw(let bytes): Self.send(bytes, connection)
      case .rawThenClose(let bytes):
        Self.send(bytes, connection)
        return
      case .close: return
      case .stall(let bytes):
        Self.send(bytes, connection)
        // Until the peer or `stop()` ends the connection.
        while Self.receive(connection, &buffer) {}
        return
      }
    }
  }

  private static func readRequest(_ connection: Int32, _ buffer: inout [UInt8]) -> Request? {
    let separator = Array("\r\n\r\n".utf8)
    while buffer.firstRange(of: separator) == nil { guard receive(connection, &buffer) else { return nil } }
    guard let end = buffer.firstRange(of: separator) else { return nil }
    let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    buffer.removeSubrange(..<end.upperBound)
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    while buffer.count < length { guard receive(connection, &buffer) else { return nil } }
    let body = Array(buffer[..<length])
    buffer.removeSubrange(..<length)
    return Request(method: String(words[0]), target: String(words[1]), headers: headers, body: body)
  }

  private static func receive(_ connection: Int32, _ buffer: inout [UInt8]) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = recv(connection, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    buffer.append(contentsOf: chunk[..<count])
    return true
  }

  private static func send(_ bytes: [UInt8], _ connection: Int32) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        Foundation.send(
          connection, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }
}

/// A socket call failed.
package struct SocketFailure: Error {
  package let number: Int32
}

extension FakeHTTPServer.Reply {
  /// An ordinary answer with a Content-Length.
  package static func answer(
    _ status: Int, headers: [String: String] = [:], body: String = "", method: String = "GET"
  ) -> Self {
    .raw(bytes(status, headers: headers, body: body, method: method))
  }

  /// The bytes of an ordinary answer; of a HEAD only the head.
  package static func bytes(
    _ status: Int, headers: [String: String] = [:], body: String = "", method: String = "GET"
  ) -> [UInt8] {
    var text = "HTTP/1.1 \(status) Scripted\r\n"
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    if headers["Content-Length"] == nil { text += "Content-Length: \(body.utf8.count)\r\n" }
    return Array((text + "\r\n" + (method == "HEAD" ? "" : body)).utf8)
  }
}
