import Foundation
import Glibc
import Testing

@testable import HTTPTransport

/// Certificate checks against `openssl s_server` with certificates made for the test.
@Suite struct TLSTests {
  @Test func acceptsTheRightAuthority() async throws {
    try await check(ca: "ca.pem", certificate: "good") { response, failure in
      #expect(failure == nil)
      #expect(response?.status == 200)
      #expect((response?.timings.tls ?? .zero) > .zero)
    }
  }

  /// Decrypted bytes that wait inside the TLS library while the window is full must not be forgotten.
  @Test func readsALongBodySlowly() async throws {
    let total = 8 << 20
    try await withTLSServer(certificate: "good", mode: "-WWW", bigFileBytes: total) { folder, port in
      var configuration = HTTPTransportConfiguration()
      configuration.caBundlePath = folder.appending(path: "ca.pem").path
      configuration.windowBytes = 32 * 1024
      let transport = try HTTPTransport(configuration: configuration)
      let response = try await Self.whenUp { try await transport.send(get("https://127.0.0.1:\(port)/big")) }
      var received = 0
      for try await chunk in response.body {
        received += chunk.count
        await Task.yield()
      }
      #expect(received == total)
      await transport.close()
    }
  }

  @Test(
    arguments: [
      ("other-ca.pem", "good", .untrustedIssuer), (nil, "good", .untrustedIssuer),
      ("ca.pem", "wrong-host", .hostMismatch), ("ca.pem", "expired", .expired),
      ("missing.pem", "good", .caBundleUnreadable),
    ] as [(String?, String, HTTPTLSFailure)])
  func refuses(ca: String?, certificate: String, reason: HTTPTLSFailure) async throws {
    try await check(ca: ca, certificate: certificate) { _, failure in
      #expect(failure == .tlsFailed(reason))
      #expect(failure?.requestMayHaveBeenSent == false)
    }
  }

  /// Sends one request to a server with that certificate.
  private func check(
    ca: String?, certificate: String, _ verify: (HTTPTransportResponse?, HTTPTransportError?) -> Void
  ) async throws {
    try await withTLSServer(certificate: certificate, mode: "-www", bigFileBytes: 0) { folder, port in
      var configuration = HTTPTransportConfiguration()
      configuration.caBundlePath = ca.map { folder.appending(path: $0).path }
      let transport = try HTTPTransport(configuration: configuration)
      do {
        let response = try await Self.whenUp { try await transport.send(get("https://127.0.0.1:\(port)/")) }
        _ = try await response.body.collect(upTo: 1 << 20)
        verify(response, nil)
      } catch let error as HTTPTransportError {
        verify(nil, error)
      }
      await transport.close()
    }
  }

  /// Tries again while the server does not listen yet.
  private static func whenUp(
    _ attempt: () async throws -> HTTPTransportResponse
  ) async throws -> HTTPTransportResponse {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      do {
        return try await attempt()
      } catch HTTPTransportError.connectFailed where ContinuousClock.now < deadline {
        _ = await eventually(within: .milliseconds(20)) { false }
      }
    }
  }

  /// Makes the certificates and runs `openssl s_server` in their folder.
  private func withTLSServer(
    certificate: String, mode: String, bigFileBytes: Int, _ body: (URL, UInt16) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "meridian-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // A left-over temporary folder harms nothing.
    try await Self.makeCertificates(in: folder)
    try Data(count: bigFileBytes).write(to: folder.appending(path: "big"))

    // s_server says nothing of a port it chose itself, so a free one is found first.
    let probe = try FaultServer { _ in }
    let port = probe.port
    probe.stop()
    let server = Process()
    server.executableURL = URL(filePath: "/usr/bin/env")
    server.arguments = [
      "openssl", "s_server", mode, "-quiet", "-accept", "127.0.0.1:\(port)", "-cert", "\(certificate).pem", "-key",
      "key.pem",
    ]
    server.currentDirectoryURL = folder
    server.standardInput = FileHandle.nullDevice
    server.standardOutput = FileHandle.nullDevice
    server.standardError = FileHandle.nullDevice
    try server.run()
    // Not SIGTERM: the child inherits the signal mask of a pool thread, which blocks it.
    defer { kill(server.processIdentifier, SIGKILL) }
    try await body(folder, port)
  }

  private static func makeCertificates(in folder: URL) async throws {
    let script = """
      set -e
      for ca in ca other-ca; do
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key -out $ca.pem \
          -subj "/CN=Test $ca" -days 2
      done
      openssl ecparam -name prime256v1 -genkey -noout -out key.pem
      make() {
        openssl req -new -key key.pem -subj "/CN=$1" -out $1.csr
        printf 'subjectAltName=%s' "$2" > $1.ext
        openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile $1.ext -out $1.pem $3
      }
      make good IP:127.0.0.1 "-days 2"
      make wrong-host DNS:elsewhere.example "-days 2"
      mkdir db && touch db/index.txt && echo 01 > db/serial
      printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=db/index.txt\\nserial=db/serial\\nnew_certs_dir=db\\ndefault_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n' > ca.cnf
      openssl req -new -key key.pem -subj /CN=expired -out expired.csr
      printf 'subjectAltName=IP:127.0.0.1' > expired.ext
      openssl ca -batch -config ca.cnf -cert ca.pem -keyfile ca.key -in expired.csr -out expired.pem -notext \
        -extfile expired.ext -startdate 20200101000000Z -enddate 20200102000000Z
      """
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let status = Shared<Int32?>(nil)
    process.terminationHandler = { ended in status.update { $0 = ended.terminationStatus } }
    try process.run()
    _ = await eventually(within: .seconds(30)) { status.value != nil }
    try #require(status.value == 0)
  }
}
