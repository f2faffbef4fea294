import Testing

@testable import HTTPTransport

/// Back-pressure, cancellation and giving up.
@Suite struct FlowTests {
  /// Answers every request with an endless (or `count` bytes long) body.
  private static func flood(_ count: Int) -> @Sendable (FaultConnection) -> Void {
    { connection in
      connection.limitSendBuffer(64 * 1024)
      while connection.readHead() != nil {
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
        let block = [UInt8](repeating: 0x61, count: 64 * 1024)
        var left = count
        while left > 0 {
          guard connection.write(Array(block.prefix(left))) else { return }
          left -= min(left, block.count)
        }
      }
    }
  }

  @Test func slowReaderStopsTheServer() async throws {
    let total = 64 * 1024 * 1024
    try await withServer(Self.flood(total)) {
      $0.windowBytes = 1024 * 1024
    } _: { server, transport in
      // A grace shorter than the pause below: our own pause must not count as the server's.
      let timeouts = HTTPTransportTimeouts(lowSpeedLimitBytesPerSecond: 1000, lowSpeedTime: .milliseconds(1000))
      let response = try await transport.send(get(server.url(), timeouts: timeouts))
      #expect(await eventually { server.counts.bytesSent > 1024 * 1024 })
      #expect(await !eventually(within: .milliseconds(2500)) { server.counts.bytesSent > 16 * 1024 * 1024 })
      #expect(transport.load.active == 1)
      var received = 0
      var chunks = 0
      for try await chunk in response.body {
        received += chunk.count
        chunks += 1
        #expect(chunk.count <= 1024 * 1024)
      }
      #expect(received == total)
      #expect(chunks < total / 16384)
    }
  }

  @Test func cancellationEndsADownload() async throws {
    try await withServer(Self.flood(1 << 40)) { server, transport in
      let seen = Shared(0)
      let task = Task {
        await failure(of: transport, get(server.url())) { count in seen.update { $0 += count } }
      }
      #expect(await eventually { seen.value > 4 * 1024 * 1024 })
      task.cancel()
      #expect(await task.value == .cancelled)
      #expect(await eventually { server.counts.open == 0 && transport.load.active == 0 })
    }
  }

  @Test func cancellationEndsAWaitForTheHead() async throws {
    try await withServer { connection in
      _ = connection.readHead()
      connection.readToEnd()
    } _: { server, transport in
      let task = Task { await failure(of: transport, get(server.url())) }
      #expect(await eventually { server.counts.requests == 1 })
      task.cancel()
      #expect(await task.value == .cancelled)
      #expect(await eventually { server.counts.open == 0 })
    }
  }

  @Test func droppingTheBodyFreesTheSocket() async throws {
    try await withServer(Self.flood(1 << 40)) { server, transport in
      for _ in 0..<8 {
        let status = try await transport.send(get(server.url())).status
        #expect(status == 200)
      }
      #expect(await eventually { server.counts.open == 0 && transport.load.active == 0 })
    }
  }

  @Test(arguments: [(bytes: 60_000, connections: 1), (bytes: 1 << 40, connections: 3)])
  func discardKeepsTheConnectionWhenLittleIsLeft(shape: (bytes: Int, connections: Int)) async throws {
    try await withServer(Self.flood(shape.bytes)) { server, transport in
      for _ in 0..<3 {
        let response = try await transport.send(get(server.url()))
        response.body.discard()
        #expect(await eventually { transport.load.active == 0 })
      }
      #expect(server.counts.accepted == shape.connections)
    }
  }

  @Test func aBodyGivenUpDoesNotLookComplete() async throws {
    try await withServer(Self.flood(60_000)) { server, transport in
      let cancelled = try await transport.send(get(server.url()))
      #expect(await eventually { transport.load.active == 0 })
      cancelled.body.cancel()
      await #expect(throws: HTTPTransportError.cancelled) { _ = try await cancelled.body.collect(upTo: 100_000) }
      let discarded = try await transport.send(get(server.url()))
      discarded.body.discard()
      await #expect(throws: HTTPTransportError.cancelled) { _ = try await discarded.body.collect(upTo: 100_000) }
    }
  }

  @Test func collectKeepsItsLimit() async throws {
    try await withServer(Self.flood(100_000)) { server, transport in
      let tooLong = try await transport.send(get(server.url()))
      await #expect(throws: HTTPTransportError.tooLarge(limit: 99_999)) { try await tooLong.body.collect(upTo: 99_999) }
      let fits = try await transport.send(get(server.url()))
      #expect(try await fits.body.collect(upTo: 100_000).count == 100_000)
      #expect(await eventually { transport.load.active == 0 })
    }
  }

  @Test func closeEndsEverything() async throws {
    try await withServer(Self.flood(1 << 40)) {
      $0.maxConnectionsPerHost = 1
    } _: { server, transport in
      let running = try await transport.send(get(server.url()))
      let queued = Task { await failure(of: transport, get(server.url())) }
      #expect(await eventually { transport.load.queued == 1 })
      await transport.close()
      #expect(await queued.value == .closed)
      await #expect(throws: HTTPTransportError.closed) { for try await _ in running.body {} }
      #expect(await failure(of: transport, get(server.url())) == .closed)
      await transport.close()
    }
  }

  @Test func droppingTheTransportClosesIt() async throws {
    let server = try FaultServer(Self.flood(1 << 40))
    defer { server.stop() }
    var transport: HTTPTransport? = try HTTPTransport()
    let response = try await transport?.send(get(server.url()))
    #expect(response?.status == 200)
    transport = nil
    #expect(await eventually { server.counts.open == 0 })
  }
}
