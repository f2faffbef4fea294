import Logging
import Shared
import Testing

@testable import SharedObservability

@Suite("Log lines are single, clean and bounded")
struct LogLineTests {
  private func line(_ message: String, _ metadata: Logger.Metadata = [:], region: String? = "us") throws -> LogLine {
    LogLine(
      time: LogTime(milliseconds: 1_795_268_765_042), level: .info, service: "registry-api",
      region: try region.map { try RegionName(parsing: $0) }, label: "push", message: message, metadata: metadata)
  }

  @Test func theTextIsExact() throws {
    let line = try line(
      "blob stored",
      [
        "size": "7", "digest": .stringConvertible(Digest(of: Array("abc".utf8))), "list": ["a", ["k": "v"]],
        "empty": [:],
      ])
    #expect(
      line.json == #"{"time":"2026-11-21T13:46:05.042Z","level":"info","service":"registry-api","region":"us","#
        + #""logger":"push","message":"blob stored","metadata":{"#
        + #""digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","empty":{},"#
        + #""list":["a",{"k":"v"}],"size":"7"}}"#)
    #expect(
      try self.line("hello", ["a": "1", "b": "x y"]).text
        == "2026-11-21T13:46:05.042Z info registry-api/us: hello a=1 b=x y")
    #expect(
      try self.line("hello", region: nil).json
        == #"{"time":"2026-11-21T13:46:05.042Z","level":"info","service":"registry-api","logger":"push","message":"hello"}"#
    )
  }

  @Test func nothingBreaksTheLine() throws {
    let evil = "a\n{\"level\":\"info\"}\r\t\u{0}\u{1b}[31m\u{7f}\u{85}\u{2028}\u{202e}\\\"é"
    let escaped = #"a\n{\"level\":\"info\"}\r\t\u0000\u001b[31m\u007f\u0085\u2028\u202e\\\"é"#
    let json = try line(evil, ["k\n": "\(evil)"]).json
    #expect(json.contains("\"message\":\"\(escaped)\"") && json.contains("\"k\\n\":\"\(escaped)\""))
    #expect(try line(evil).text.hasSuffix(": \(escaped)"))
    guard case .object(let object) = try StrictJSON.parse(json) else {
      Issue.record("no object")
      return
    }
    #expect(object[name: "message"] == .string(evil), "a reader gets the message back")
  }

  @Test func lengthsAreBounded() throws {
    let huge = String(repeating: "é", count: 1_000_000)
    var metadata: Logger.Metadata = [:]
    let value = Logger.MetadataValue.string(huge)
    for index in 0..<1000 { metadata["key\(index)"] = value }
    let json = try line(huge, metadata).json
    #expect(json.utf8.count < 8192 + 64 * (2048 + 300) + 500)
    #expect(json.contains("é…\""))
    _ = try StrictJSON.parse(json)
    var nested: Logger.MetadataValue = "x"
    for _ in 0..<10_000 { nested = ["n": nested] }
    #expect(try line("m", ["deep": nested]).json.utf8.count < 500)
  }

  @Test(arguments: [
    (
      "https://s3/b/k?X-Amz-Credential=AK%2Fus&X-Amz-Date=2026&X-Amz-Signature=abc123&x=1",
      "https://s3/b/k?X-Amz-Credential=<redacted>&X-Amz-Date=2026&X-Amz-Signature=<redacted>&x=1"
    ),
    ("GET /k?x-amz-security-token=SEC HTTP/1.1", "GET /k?x-amz-security-token=<redacted> HTTP/1.1"),
    (
      "url=https%3A%2F%2Fs3%2Fk%3FX%2DAmz%2DSignature%3Dabc%26x%3D1",
      "url=https%3A%2F%2Fs3%2Fk%3FX%2DAmz%2DSignature%3D<redacted>%26x%3D1"
    ),
    ("X_Amz_Signature=abc end", "X_Amz_Signature=<redacted> end"),
    ("?sv=2020&sig=abc%3D&se=1", "?sv=2020&sig=<redacted>&se=1"),
    ("?temp_url_sig=abc&temp_url_expires=1", "?temp_url_sig=<redacted>&temp_url_expires=1"),
    ("Authorization: Bearer abc.def.ghi", "Authorization: <redacted>"),
    (#"{"Authorization":"Basic dXNlcjpwYXNz","a":1}"#, #"{"Authorization":"<redacted>","a":1}"#),
    (#"{"password": "hun\ter2", "user":"u"}"#, #"{"password": "<redacted>", "user":"u"}"#),
    ("sent Bearer abc.def-ghi to host", "sent Bearer <redacted> to host"),
    ("postgresql://u:pa:ss@h:5432/db failed", "postgresql://u:<redacted>@h:5432/db failed"),
    ("host=h password=hunter2 user=u", "host=h password=<redacted> user=u"),
    (
      "grant_type=password&refresh_token=abc&client_secret=x",
      "grant_type=password&refresh_token=<redacted>&client_secret=<redacted>"
    ),
    ("https://h:9000/path?n=1 design=4 assignment: 5", "https://h:9000/path?n=1 design=4 assignment: 5"),
    ("sha256:abc size=7", "sha256:abc size=7"), ("", ""), ("X-Amz-Signature=", "X-Amz-Signature="),
    ("password=", "password="), ("a:", "a:"), ("%", "%"), ("=", "="), ("x%3", "x%3"),
  ])
  func secretsAreTakenOut(_ text: String, _ expected: String) {
    #expect(LogRedaction.redact(text) == expected)
  }

  @Test func secretKeysAreNeverShown() throws {
    let metadata: Logger.Metadata = [
      "Authorization": "x1", "db_password": "x2", "accessToken": "x3", "Set-Cookie": ["x4"], "secret_key": "x5",
      "nested": ["password": "x6"],
      "token_count_ok": "x7",
    ]
    for text in [try line("m", metadata).json, try line("m", metadata).text] {
      for secret in 1...7 { #expect(!text.contains("x\(secret)"), "\(text)") }
    }
  }

  @Test func aSecretCutInHalfIsNotShown() throws {
    let text =
      String(repeating: "a", count: LogLine.maximumMessageBytes - 30) + " X-Amz-Signature="
      + String(repeating: "s3cr3t", count: 5000)
    #expect(!(try line(text).json.contains("s3cr3t")))
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (1_709_251_199_999, "2024-02-29T23:59:59.999Z"), (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func times(_ milliseconds: Int64, _ expected: String) {
    #expect(LogTime(milliseconds: milliseconds).description == expected)
  }

  @Test func levelsAndFormatsComeFromTheEnvironment() {
    #expect(LogSetup.level(nil) == .info && LogSetup.level("DEBUG") == .debug && LogSetup.level("warn") == .warning)
    #expect(LogSetup.level("nonsense") == .info && LogSetup.level("trace") == .trace)
    #expect(LogSetup.format(nil, isTerminal: true) == .text && LogSetup.format(nil, isTerminal: false) == .json)
    #expect(LogSetup.format("JSON", isTerminal: true) == .json && LogSetup.format("x", isTerminal: false) == .json)
  }
}
