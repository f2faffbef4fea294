import Testing

@testable import HTTPTransport

/// Ordinary requests and responses.
@Suite struct ExchangeTests {
  @Test func returnsStatusHeadersAndBody() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.respond("200 OK", headers: ["ETag: \"a\"", "X-Two: 1", "x-two:  2 "], body: "hello")
    } _: { server, transport in
      let response = try await transport.send(get(server.url()))
      #expect(response.status == 200)
      #expect(response.headers["etag"] == "\"a\"")
      #expect(response.headers.values(for: "X-TWO") == ["1", "2"])
      #expect(response.headers.map(\.name) == ["ETag", "X-Two", "x-two", "Content-Length"])
      #expect(response.contentLength == 5)
      #expect(response.timings.newConnections == 1)
      #expect(response.timings.firstByte >= response.timings.connect)
      #expect(text(try await response.body.collect(upTo: 5)) == "hello")
    }
  }

  @Test func keepsTheConnection() async throws {
    try await withServer { connection in
      while connection.readHead() != nil { connection.respond("200 OK", body: "x") }
    } _: { server, transport in
      for _ in 0..<20 {
        let response = try await transport.send(get(server.url()))
        #expect(try await response.body.collect(upTo: 10) == [0x78])
      }
      #expect(server.counts.accepted == 1)
      #expect(server.counts.requests == 20)
    }
  }

  @Test func readsChunkedBodiesAndDropsTrailers() async throws {
    try await withServer { connection in
      while connection.readHead() != nil {
        connection.write(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-T: 1\r\n\r\n")
      }
    } _: { server, transport in
      for _ in 0..<2 {
        let response = try await transport.send(get(server.url()))
        #expect(response.contentLength == nil)
        #expect(text(try await response.body.collect(upTo: 100)) == "abcdefg")
        #expect(response.headers["x-t"] == nil)
      }
      #expect(server.counts.accepted == 1)
    }
  }

  @Test(arguments: [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")])
  func acceptsResponsesWithoutABody(method: String, status: String) async throws {
    try await withServer { connection in
      while connection.readHead() != nil {
        connection.write("HTTP/1.1 \(status)\r\n\(method == "HEAD" ? "Content-Length: 1234567\r\n" : "")\r\n")
      }
    } _: { server, transport in
      for _ in 0..<2 {
        let response = try await transport.send(HTTPTransportRequest(method: method, url: server.url()))
        #expect(String(response.status) == status.prefix(3))
        #expect(response.contentLength == (method == "HEAD" ? 1_234_567 : nil))
        #expect(try await response.body.collect(upTo: 0).isEmpty)
      }
      #expect(server.counts.accepted == 1)
    }
  }

  @Test func skipsInterimHeads() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
      connection.respond("201 Created")
    } _: { server, transport in
      let response = try await transport.send(get(server.url()))
      #expect(response.status == 201)
      #expect(response.headers["link"] == nil)
    }
  }

  @Test(arguments: ["PUT", "POST", "PATCH", "DELETE", "GET"])
  func sendsTheBodyInOrder(method: String) async throws {
    let seen = Shared<[[UInt8]]>([])
    try await withServer { connection in
      while let request = connection.readHead() {
        let body = connection.readBody(request.contentLength)
        seen.update { $0.append(body) }
        #expect(request.method == method)
        #expect(request.headers["expect"] == nil)
        connection.respond("200 OK")
      }
    } _: { server, transport in
      let pieces = (0..<5).map { piece in [UInt8](repeating: UInt8(piece), count: 300_000) }
      let request = HTTPTransportRequest(method: method, url: server.url())
      #expect(await failure(of: transport, request, body: .slices(pieces)) == nil)
      #expect(await failure(of: transport, request, body: .bytes([1, 2, 3])) == nil)
      #expect(await failure(of: transport, request) == nil)
      #expect(seen.value == [pieces.flatMap(\.self), [1, 2, 3], []])
      #expect(server.counts.accepted == 1)
    }
  }

  @Test func saysContentLengthZeroForAnEmptyPut() async throws {
    let lengths = Shared<[String?]>([])
    try await withServer { connection in
      while let request = connection.readHead() {
        lengths.update { $0.append(request.headers["content-length"]) }
        connection.respond("200 OK")
      }
    } _: { server, transport in
      for method in ["PUT", "POST", "DELETE"] {
        #expect(await failure(of: transport, HTTPTransportRequest(method: method, url: server.url())) == nil)
      }
      #expect(lengths.value == ["0", "0", nil])
    }
  }

  @Test func sendsTargetAndHeadersAsGiven() async throws {
    let seen = Shared<[FaultConnection.Request]>([])
    try await withServer { connection in
      guard let request = connection.readHead() else { return }
      seen.update { $0.append(request) }
      connection.respond("200 OK")
    } _: { server, transport in
      let request = HTTPTransportRequest(
        method: "GET", url: server.url("/a/../b/./c%2F?x=%20&y"),
        headers: [("X-A", "1"), ("X-Empty", ""), ("Host", "bucket.example"), ("Content-Length", "0")])
      #expect(await failure(of: transport, request) == nil)
      #expect(seen.value.first?.target == "/a/../b/./c%2F?x=%20&y")
      #expect(seen.value.first?.headers["x-a"] == "1")
      #expect(seen.value.first?.headers["x-empty"] == "")
      #expect(seen.value.first?.headers["host"] == "bucket.example")
      #expect(seen.value.first?.headers["user-agent"] == "meridian")
    }
  }

  @Test func doesNotFollowRedirects() async throws {
    try await withServer { connection in
      while connection.readHead() != nil { connection.respond("307 Temporary Redirect", headers: ["Location: /b"]) }
    } _: { server, transport in
      let response = try await transport.send(get(server.url("/a")))
      #expect(response.status == 307)
      #expect(response.headers["location"] == "/b")
      #expect(try await response.body.collect(upTo: 0).isEmpty)
      #expect(server.counts.requests == 1)
    }
  }

  @Test func doesNotDecodeContent() async throws {
    try await withServer { connection in
      guard let request = connection.readHead() else { return }
      #expect(request.headers["accept-encoding"] == nil)
      connection.respond("200 OK", headers: ["Content-Encoding: gzip"], body: "not gzip")
    } _: { server, transport in
      let response = try await transport.send(get(server.url()))
      #expect(text(try await response.body.collect(upTo: 100)) == "not gzip")
    }
  }

  @Test func waitsForContinueWhenAsked() async throws {
    try await withServer { connection in
      guard let request = connection.readHead() else { return }
      #expect(request.headers["expect"] == "100-continue")
      connection.write("HTTP/1.1 100 Continue\r\n\r\n")
      #expect(connection.readBody(request.contentLength).count == 5)
      connection.respond("200 OK")
    } _: { server, transport in
      let request = HTTPTransportRequest(method: "PUT", url: server.url(), expectContinue: true)
      #expect(await failure(of: transport, request, body: .bytes([1, 2, 3, 4, 5])) == nil)
    }
  }

  @Test func returnsARefusedExpectation() async throws {
    try await withServer { connection in
      while connection.readHead() != nil { connection.respond("417 Expectation Failed", body: "no") }
    } _: { server, transport in
      let request = HTTPTransportRequest(method: "PUT", url: server.url(), expectContinue: true)
      let response = try await transport.send(request, body: .bytes([1, 2, 3, 4, 5]))
      #expect(response.status == 417)
      #expect(text(try await response.body.collect(upTo: 10)) == "no")
    }
  }

  @Test func usesAddressOverrides() async throws {
    try await withServer { connection in
      guard connection.readHead() != nil else { return }
      connection.respond("200 OK")
    } _: { server, _ in
      var configuration = HTTPTransportConfiguration()
      configuration.resolveOverrides = ["store.invalid:\(server.port):127.0.0.1"]
      let transport = try HTTPTransport(configuration: configuration)
      #expect(await failure(of: transport, get("http://store.invalid:\(server.port)/")) == nil)
      await transport.close()
    }
  }
}
