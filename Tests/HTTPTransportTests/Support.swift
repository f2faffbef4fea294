import Glibc
import Testing

@testable import HTTPTransport

/// Waits until a condition holds, looking every few milliseconds.
///
/// - Returns: Whether it held before the deadline.
func eventually(within limit: Duration = .seconds(10), _ condition: @Sendable () -> Bool) async -> Bool {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if condition() { return true }
    // A cancelled test ends here with the condition as it is.
    guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { break }
  }
  return condition()
}

/// Runs a test body against a server and a transport, and takes both down.
func withServer<Value: Sendable>(
  _ script: @escaping @Sendable (FaultConnection) -> Void,
  configure: (inout HTTPTransportConfiguration) -> Void = { _ in },
  _ body: (FaultServer, HTTPTransport) async throws -> Value
) async throws -> Value {
  let server = try FaultServer(script)
  var configuration = HTTPTransportConfiguration()
  configure(&configuration)
  let transport = try HTTPTransport(configuration: configuration)
  defer { server.stop() }
  do {
    let value = try await body(server, transport)
    await transport.close()
    return value
  } catch {
    await transport.close()
    throw error
  }
}

/// The error a request and its whole body end with; `nil` on success.
func failure(
  of transport: HTTPTransport, _ request: HTTPTransportRequest, body: HTTPRequestBody = .none,
  onChunk: (Int) -> Void = { _ in }
) async -> HTTPTransportError? {
  do {
    let response = try await transport.send(request, body: body)
    for try await chunk in response.body { onChunk(chunk.count) }
    return nil
  } catch {
    return error
  }
}

/// A GET request.
func get(_ url: String, timeouts: HTTPTransportTimeouts = .init()) -> HTTPTransportRequest {
  HTTPTransportRequest(method: "GET", url: url, timeouts: timeouts)
}

/// Text of collected bytes.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A gate that a test opens and server scripts wait at.
final class Gate: Sendable {
  private let isOpen = Guarded(false)

  /// Lets everybody through.
  func open() { isOpen.withLock { $0 = true } }

  /// Blocks the calling thread until the gate opens, at most 30 s.
  func wait() {
    for _ in 0..<6000 {
      if isOpen.withLock({ $0 }) { return }
      usleep(5000)
    }
  }
}

/// A value that server scripts and tests share.
final class Shared<Value: Sendable>: Sendable {
  private let storage: Guarded<Value>

  init(_ value: Value) { storage = Guarded(value) }

  var value: Value { storage.withLock { $0 } }

  func update(_ change: @Sendable (inout Value) -> Void) { storage.withLock { change(&$0) } }
}

extension Gate {
  /// Blocks the calling thread for a tenth of a second: the pace of a trickling server, not a wait for anything.
  func waitBriefly() { usleep(100_000) }
}
