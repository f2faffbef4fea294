internal import Glibc

/// Stops the process where a property does not hold, which libFuzzer records as a crash of the input.
package func require(_ holds: Bool, _ property: @autoclosure () -> String) {
  guard !holds else { return }
  let line = "PROPERTY BROKEN: \(property())\n"
  // The process is about to end; there is nobody to tell that standard error is closed.
  _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  abort()
}
