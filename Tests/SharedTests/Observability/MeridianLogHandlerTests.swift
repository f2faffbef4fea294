import Logging
import Shared
import Synchronization
import Testing

@testable import SharedObservability

@Suite("The log handler")
struct MeridianLogHandlerTests {
  /// Keeps the lines written.
  private final class Recorder: Sendable {
    private let state = Mutex<[String]>([])
    var lines: [String] { state.withLock { $0 } }
    func take(_ line: String) { state.withLock { $0.append(line) } }
  }

  private struct Failure: Error, CustomStringConvertible {
    let description = "broken at https://h/k?X-Amz-Signature=abc"
  }

  private func logger(_ recorder: Recorder, level: Logger.Level = .info) -> Logger {
    let setup = LogSetup(service: "svc", region: nil, level: level, format: .json)
    return Logger(label: "l") { MeridianLogHandler(label: $0, setup: setup, sink: { line in recorder.take(line) }) }
  }

  @Test func oneLineAnEntryFromTheLevelOn() {
    let recorder = Recorder()
    var logger = logger(recorder)
    logger.debug("not shown")
    logger[metadataKey: "a"] = "logger"
    logger[metadataKey: "b"] = "logger"
    logger.warning("shown", metadata: ["b": "call"])
    let lines = recorder.lines
    #expect(lines.count == 1 && lines.allSatisfy { $0.hasSuffix("}\n") && $0.dropLast().allSatisfy { !$0.isNewline } })
    #expect(
      lines.first?.contains(
        #""level":"warning","service":"svc","logger":"l","message":"shown","metadata":{"a":"logger","b":"call"}"#)
        == true)
  }

  @Test func errorsAreMetadata() {
    let recorder = Recorder()
    logger(recorder).error("failed", error: Failure())
    #expect(recorder.lines.first?.contains(#""error":"broken at https://h/k?X-Amz-Signature=<redacted>""#) == true)
  }
}
