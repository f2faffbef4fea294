package import ArgumentParser

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
  package static func say(_ text: String) { StandardStream.output.write(text + "\n") }

  /// Writes a line about the work itself, beside its results; scripts read standard output only.
  package static func remark(_ text: String) { complain(text) }

  private static func complain(_ text: String) {
    // One line, whatever an error's description holds.
    StandardStream.error.write(text.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n")
  }
}
