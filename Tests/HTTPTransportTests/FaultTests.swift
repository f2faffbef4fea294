import Testing

@testable import HTTPTransport

/// Servers that misbehave.
@Suite struct FaultTests {
  private static let lowSpeed = HTTPTransportTimeouts(
    lowSpeedLimitBytesPerSecond: 1000, lowSpeedTime: .milliseconds(600))

  @Test func findsAStallBeforeTheHead() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.readToEnd()
    } _: { server, transport in
      #expect(await failure(of: transport, get(server.url(), timeouts: Self.lowSpeed)) == .stalled)
      #expect(await eventually { server.counts.open == 0 })
    }
  }

  @Test func findsAStallInTheBody() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
      connection.readToEnd()
    } _: { server, transport in
      let response = try await transport.send(get(server.url(), timeouts: Self.lowSpeed))
      var iterator = response.body.makeAsyncIterator()
      #expect(try await iterator.next().map(text) == "hello")
      await #expect(throws: HTTPTransportError.stalled) { try await iterator.next() }
      #expect(await eventually { server.counts.open == 0 })
    }
  }

  @Test func breaksOffATrickle() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
      let pause = Gate()
      while connection.write([0x78]) { pause.waitBriefly() }
    } _: { server, transport in
      let clock = ContinuousClock()
      let started = clock.now
      #expect(await failure(of: transport, get(server.url(), timeouts: Self.lowSpeed)) == .stalled)
      #expect(started.duration(to: clock.now) < .seconds(8))
    }
  }

  @Test(arguments: [HTTPTransferPhase.response, .body])
  func keepsTheTotalDeadline(phase: HTTPTransferPhase) async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      if phase == .body { connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello") }
      connection.readToEnd()
    } _: { server, transport in
      let request = get(server.url(), timeouts: .init(total: .milliseconds(300)))
      #expect(await failure(of: transport, request) == .timedOut(phase))
    }
  }

  @Test func tellsAReset() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
      _ = connection.readBody(1)
      connection.reset()
    } _: { server, transport in
      let upload = try await transport.startUpload(
        HTTPTransportRequest(method: "PUT", url: server.url()), contentLength: nil)
      try await upload.write([1])
      await #expect(throws: HTTPTransportError.self) {
        let response = try await upload.finish()
        _ = try await response.body.collect(upTo: 1000)
      }
      #expect(await eventually { transport.load == .init(active: 0, queued: 0) })
    }
  }

  @Test func tellsAResetInTheBody() async throws {
    let gate = Gate()
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
      gate.wait()
      connection.reset()
    } _: { server, transport in
      let response = try await transport.send(get(server.url()))
      var iterator = response.body.makeAsyncIterator()
      #expect(try await iterator.next().map(text) == "hello")
      gate.open()
      await #expect(throws: HTTPTransportError.receiveFailed) { try await iterator.next() }
    }
  }

  @Test(arguments: ["Content-Length: 100\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"])
  func tellsATruncatedBody(rest: String) async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.write("HTTP/1.1 200 OK\r\n\(rest)")
    } _: { server, transport in
      let response = try await transport.send(get(server.url()))
      await #expect(throws: HTTPTransportError.truncated) { try await response.body.collect(upTo: 1000) }
    }
  }

  @Test func tellsARefusal() async throws {
    let server = try FaultServer { _ in }
    server.stop()
    let transport = try HTTPTransport()
    let error = await failure(of: transport, get(server.url()))
    #expect(error == .connectFailed)
    #expect(error?.requestMayHaveBeenSent == false)
    #expect(error?.isRetryable == true)
    #expect(await failure(of: transport, get("http://nosuchhost.invalid/")) == .resolveFailed)
    await transport.close()
  }

  @Test(arguments: ["", "SSH-2.0-nothttp\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"])
  func tellsNonsense(answer: String) async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.write(answer)
    } _: { server, transport in
      let error = await failure(of: transport, get(server.url()))
      #expect(error == .protocolError || (answer.isEmpty && error == .receiveFailed))
    }
  }

  @Test(arguments: [(lines: 300, width: 10), (lines: 100, width: 5000)])
  func boundsTheHead(shape: (lines: Int, width: Int)) async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      let line = "X-A: " + String(repeating: "a", count: shape.width) + "\r\n"
      connection.write("HTTP/1.1 200 OK\r\n" + String(repeating: line, count: shape.lines) + "\r\n")
      connection.readToEnd()
    } _: { server, transport in
      let limit = shape.width > 1000 ? 256 * 1024 : 200
      #expect(await failure(of: transport, get(server.url())) == .tooLarge(limit: limit))
      #expect(await eventually { server.counts.open == 0 })
    }
  }

  @Test func sendsAgainOverADeadKeptConnection() async throws {
    let bodies = Shared<[Int]>([])
    try await withServer { connection in
      // The first connection answers once, reads the second request and dies without a byte.
      while let request = connection.readHead() {
        let count = connection.readBody(request.contentLength).count
        bodies.update { $0.append(count) }
        if bodies.value.count == 2 { return connection.reset() }
        connection.respond("200 OK")
      }
    } _: { server, transport in
      let request = HTTPTransportRequest(method: "PUT", url: server.url())
      let body = [UInt8](repeating: 7, count: 200_000)
      #expect(await failure(of: transport, request, body: .bytes(body)) == nil)
      #expect(await failure(of: transport, request, body: .bytes(body)) == nil)
      #expect(bodies.value == [200_000, 200_000, 200_000])
      #expect(server.counts.accepted == 2)
    }
  }
}
