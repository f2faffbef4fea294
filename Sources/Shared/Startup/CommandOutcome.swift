package import ArgumentParser
internal import Glibc

/// How a command of any of the three programs ends and what it says.
package enum CommandOutcome {
  /// Runs a command's work; a failure becomes one line on standard error and the exit status that belongs to it.
  package static func report(_ program: String, _ work: () async throws -> Void) async throws {
    do {
      try await work()
    } catch let error as StartupError {
      complain("\(program): \(error)")
      throw ExitCode(error.exitCode)
    } catch let code as ExitCode {
      throw code
    } catch {
      complain("\(program): \(error)")
      throw ExitCode(1)
    }
  }

  /// Writes a line for whoever runs the command.
  package static func say(_ text: String) { write(text, to: STDOUT_FILENO) }

  private static func complain(_ text: String) {
    // One line, whatever an error's description holds.
    write(text.split(whereSeparator: \.isNewline).joined(separator: " "), to: STDERR_FILENO)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array((text + "\n").utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      // Nobody reads the other end any more: there is no one left to tell.
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
  }
}
