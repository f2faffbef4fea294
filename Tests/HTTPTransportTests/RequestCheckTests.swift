import Testing

@testable import HTTPTransport

/// What is refused before anything is sent.
@Suite struct RequestCheckTests {
  private func refusal(_ request: HTTPTransportRequest, bytes: Int64 = 0) -> HTTPTransportError? {
    do {
      _ = try PreparedRequest(request, contentLength: bytes, hasBody: bytes > 0, configuration: .init())
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "\u{7F}"])
  func refusesControlCharactersInValues(value: String) {
    let request = HTTPTransportRequest(method: "GET", url: "http://h/", headers: [("X-A", value)])
    #expect(refusal(request) == .invalidRequest(.headerValue))
  }

  @Test(arguments: ["", "a b", "a:b", "a\r\nb", "é", "a;"])
  func refusesHeaderNames(name: String) {
    let request = HTTPTransportRequest(method: "GET", url: "http://h/", headers: [(name, "1")])
    #expect(refusal(request) == .invalidRequest(.headerName))
  }

  @Test(arguments: ["", "GET / HTTP/1.1\r\nX: ", "G T", "GÉT"])
  func refusesMethods(method: String) {
    #expect(refusal(HTTPTransportRequest(method: method, url: "http://h/")) == .invalidRequest(.method))
  }

  @Test(arguments: [
    "", "h", "http://", "http:///a", "http://u:p@h/", "http://h/ b", "http://h/\r\nX: 1", "http://h/é", "http://h:0/",
    "http://h:99999/", "http://h:/", "http://h/#f", "http://[::1/", "http://h:1x/", "http://a\\@b/",
  ])
  func refusesURLs(url: String) {
    #expect(refusal(get(url)) == .invalidRequest(.url))
  }

  @Test(arguments: ["ftp://h/", "file:///etc/passwd", "gopher://h/", "HTTPX://h/"])
  func refusesSchemes(url: String) {
    #expect(refusal(get(url)) == .invalidRequest(.scheme))
  }

  @Test func refusesFramingHeaders() {
    for (name, value) in [("Transfer-Encoding", "chunked"), ("expect", "100-continue"), ("Content-Length", "4")] {
      let request = HTTPTransportRequest(method: "PUT", url: "http://h/", headers: [(name, value)])
      #expect(refusal(request, bytes: 3) == .invalidRequest(.headerReserved))
    }
    let equal = HTTPTransportRequest(method: "PUT", url: "http://h/", headers: [("content-length", "3")])
    #expect(refusal(equal, bytes: 3) == nil)
  }

  @Test func readsOrigins() throws {
    let schemes: Set<String> = ["http", "https"]
    let plain = try HTTPOrigin(url: "HTTP://Example.COM?q", schemes: schemes)
    #expect(plain.host == "example.com" && plain.port == 80 && !plain.isSecure)
    #expect(try HTTPOrigin(url: "http://example.com:80/x", schemes: schemes) == plain)
    let six = try HTTPOrigin(url: "https://[::1]:8443/a:b@c", schemes: schemes)
    #expect(six.host == "[::1]" && six.port == 8443 && six.isSecure)
    #expect(throws: HTTPTransportError.invalidRequest(.scheme)) {
      try HTTPOrigin(url: "http://h/", schemes: ["https"])
    }
  }
}
