private import Foundation

/// A fake service of `Tests/fakes`, run as a process of its own for the length of one test.
///
/// Every fake prints `listening on PORT` once it serves.
package enum FakeService {
  /// Starts `Tests/fakes/<name>` on any port, runs `body` with the port, and ends the process.
  package static func with<Value>(
    _ name: String, _ arguments: [String], _ body: (UInt16) async throws -> Value
  ) async throws -> Value {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", path(name), "--port", "0", "--until-stdin-closes"] + arguments
    let (input, output) = (Pipe(), Pipe())
    // It ends when this pipe is closed, also where this process ends without having said so.
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    // SIGTERM may be blocked in what a test's thread has started.
    defer { kill(process.processIdentifier, SIGKILL) }
    let port = try await port(from: output.fileHandleForReading, name)
    return try await body(port)
  }

  private static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("fakes/\(name)").path
  }

  /// Waits on a thread of its own for the line that names the port.
  private static func port(from output: FileHandle, _ name: String) async throws -> UInt16 {
    try await withCheckedThrowingContinuation { continuation in
      Thread {
        var line: [UInt8] = []
        while let byte = try? output.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
          // A pipe that breaks is a service that did not start, which the missing port tells.
          line.append(byte)
        }
        let text = String(decoding: line, as: UTF8.self)
        if let port = text.split(separator: " ").last.flatMap({ UInt16($0) }) {
          continuation.resume(returning: port)
        } else {
          continuation.resume(throwing: FakeServiceFailure(name: name))
        }
      }.start()
    }
  }
}

/// A fake service did not start; its own words are on standard error.
package struct FakeServiceFailure: Error {
  package let name: String
}
