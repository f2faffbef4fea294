import Testing

@testable import HTTPTransport

/// Pushed uploads.
@Suite struct UploadTests {
  private static func put(_ server: FaultServer, timeouts: HTTPTransportTimeouts = .init()) -> HTTPTransportRequest {
    HTTPTransportRequest(method: "PUT", url: server.url(), timeouts: timeouts)
  }

  private static func sendMuch(
    _ transport: HTTPTransport, _ request: HTTPTransportRequest, byPushing: Bool
  ) async -> HTTPTransportError? {
    let piece = [UInt8](repeating: 1, count: 1024 * 1024)
    guard byPushing else {
      return await failure(of: transport, request, body: .slices(Array(repeating: piece, count: 64)))
    }
    do {
      let upload = try await transport.startUpload(request, contentLength: nil)
      while true { try await upload.write(piece) }
    } catch {
      return error
    }
  }

  @Test(arguments: [true, false])
  func deliversWhatIsWritten(isLengthKnown: Bool) async throws {
    let seen = Shared<[UInt8]>([])
    try await withServer { connection in
      guard let request = connection.readHead() else { return }
      let body = isLengthKnown ? connection.readBody(request.contentLength) : connection.readChunkedBody()
      seen.update { $0 = body }
      connection.respond("200 OK", body: "done")
    } _: { server, transport in
      let pieces = (0..<400).map { index in [UInt8](repeating: UInt8(index % 251), count: index * 37 + 1) }
      let expected = pieces.flatMap(\.self)
      let upload = try await transport.startUpload(
        Self.put(server), contentLength: isLengthKnown ? Int64(expected.count) : nil)
      for piece in pieces { try await upload.write(piece) }
      let response = try await upload.finish()
      #expect(text(try await response.body.collect(upTo: 10)) == "done")
      #expect(seen.value == expected)
    }
  }

  /// The server answers 503 after 64 KiB; with or without closing, reading on or not.
  @Test(arguments: [false, true], [false, true])
  func stopsAtAnEarlyAnswer(readsOn: Bool, saysClose: Bool) async throws {
    let gate = Gate()
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      _ = connection.readBody(65536)
      connection.respond("503 Slow Down", headers: saysClose ? ["Connection: close"] : [], body: "busy")
      // Either swallow the rest, or sit on a full socket until the client has given up.
      if !readsOn { gate.wait() }
      connection.readToEnd()
    } _: { server, transport in
      let total = 100 * 1024 * 1024
      let upload = try await transport.startUpload(Self.put(server), contentLength: Int64(total))
      let piece = [UInt8](repeating: 1, count: 1024 * 1024)
      var early = false
      for _ in 0..<100 where !early {
        do {
          try await upload.write(piece)
        } catch HTTPTransportError.responseArrivedEarly {
          early = true
        }
      }
      #expect(early)
      await #expect(throws: HTTPTransportError.responseArrivedEarly) { try await upload.write([1]) }
      let response = try await upload.finish()
      #expect(response.status == 503)
      #expect(text(try await response.body.collect(upTo: 10)) == "busy")
      #expect(await eventually { transport.load.active == 0 })
      gate.open()
      #expect(await eventually { server.counts.open == 0 })
      #expect(server.counts.bytesReceived < total / 2)
    }
  }

  @Test func showsAnEarlyAnswerToAnIdleWriter() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.respond("403 Forbidden", body: "no")
      connection.readToEnd()
    } _: { server, transport in
      let upload = try await transport.startUpload(Self.put(server), contentLength: 1000)
      #expect(await eventually { transport.load.active == 0 })
      await #expect(throws: HTTPTransportError.responseArrivedEarly) { try await upload.write([1]) }
      let response = try await upload.finish()
      #expect(response.status == 403)
      #expect(text(try await response.body.collect(upTo: 10)) == "no")
    }
  }

  @Test func doesNotTrustAnEarlySuccess() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.respond("200 OK")
      _ = connection.readBody(1)
      connection.reset()
    } _: { server, transport in
      let upload = try await transport.startUpload(Self.put(server), contentLength: 50 * 1024 * 1024)
      await #expect(throws: HTTPTransportError.self) {
        for _ in 0..<50 { try await upload.write([UInt8](repeating: 0, count: 1024 * 1024)) }
        _ = try await upload.finish()
      }
    }
  }

  @Test func waitsWhileTheServerDoesNotRead() async throws {
    let gate = Gate()
    try await withServer { connection in
      guard let request = connection.readHead() else { return }
      gate.wait()
      #expect(connection.readBody(request.contentLength).count == request.contentLength)
      connection.respond("200 OK")
    } _: { server, transport in
      let piece = [UInt8](repeating: 1, count: 1024 * 1024)
      let upload = try await transport.startUpload(Self.put(server), contentLength: Int64(64 * piece.count))
      let written = Shared(0)
      let writer = Task {
        for _ in 0..<64 {
          try await upload.write(piece)
          written.update { $0 += 1 }
        }
        return try await upload.finish().status
      }
      // The kernel's buffers take some; then the count stands still well before the end.
      var last = -1
      #expect(
        await eventually {
          written.value > 1
        })
      while last != written.value {
        last = written.value
        _ = await eventually(within: .milliseconds(300)) { false }
      }
      #expect(written.value < 24)
      gate.open()
      #expect(try await writer.value == 200)
    }
  }

  @Test func doesNotCallAnIdleWriterAStall() async throws {
    try await withServer { connection in
      guard let request = connection.readHead() else { return }
      _ = connection.readBody(request.contentLength)
      connection.respond("200 OK")
    } _: { server, transport in
      let timeouts = HTTPTransportTimeouts(lowSpeedLimitBytesPerSecond: 1000, lowSpeedTime: .milliseconds(1000))
      let upload = try await transport.startUpload(Self.put(server, timeouts: timeouts), contentLength: 20)
      try await upload.write([UInt8](repeating: 0, count: 10))
      // More than twice the grace without a byte from us: the transfer must live.
      #expect(await !eventually(within: .milliseconds(2500)) { transport.load.active == 0 })
      try await upload.write([UInt8](repeating: 0, count: 10))
      #expect(try await upload.finish().status == 200)
    }
  }

  @Test func refusesAWrongLength() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.readToEnd()
    } _: { server, transport in
      let long = try await transport.startUpload(Self.put(server), contentLength: 3)
      await #expect(throws: HTTPTransportError.invalidRequest(.bodyLength)) { try await long.write([1, 2, 3, 4]) }
      let short = try await transport.startUpload(Self.put(server), contentLength: 3)
      try await short.write([1])
      await #expect(throws: HTTPTransportError.invalidRequest(.bodyLength)) { _ = try await short.finish() }
      #expect(await eventually { server.counts.open == 0 && transport.load.active == 0 })
    }
  }

  @Test(arguments: [true, false])
  func endsOnCancellation(bySending: Bool) async throws {
    let gate = Gate()
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      gate.wait()
      connection.readToEnd()
    } _: { server, transport in
      let request = Self.put(server)
      let task = Task { await Self.sendMuch(transport, request, byPushing: !bySending) }
      let isUnderWay = await eventually { server.counts.requests == 1 }
      #expect(isUnderWay)
      task.cancel()
      #expect(await task.value == .cancelled)
      #expect(await eventually { transport.load.active == 0 })
      gate.open()
      #expect(await eventually { server.counts.open == 0 })
    }
  }

  @Test func endsWhenDropped() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.readToEnd()
    } _: { server, transport in
      var upload: HTTPUpload? = try await transport.startUpload(Self.put(server), contentLength: 100)
      try await upload?.write([1])
      #expect(await eventually { server.counts.requests == 1 })
      upload = nil
      #expect(await eventually { server.counts.open == 0 && transport.load.active == 0 })
    }
  }
}
