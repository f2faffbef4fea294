internal import Dispatch
internal import Glibc

/// Asks whoever sits at the terminal before something that cannot be taken back.
///
/// Accepts what Quay's `removelocation.py` accepts: yes, ye, y, no and n, in any case. Where standard input is no
/// terminal there is nobody to ask: scripts say `--yes`.
package struct Confirmation: Sendable {
  private let isTerminal: Bool
  private let ask: @Sendable (String) async -> String?

  /// Asks on the terminal this process was started from.
  package init() {
    self.init(isTerminal: isatty(STDIN_FILENO) == 1 && StandardStream.error.isTerminal) { prompt in
      StandardStream.error.write(prompt)
      return await Self.line()
    }
  }

  /// Asks through `ask`, which gets the prompt and returns the line answered, or nil where there is none; for tests.
  package init(isTerminal: Bool, ask: @escaping @Sendable (String) async -> String?) {
    self.isTerminal = isTerminal
    self.ask = ask
  }

  /// Whether the answer to `question` is yes; `isGiven` is that `--yes` was on the command line.
  ///
  /// Throws `unconfirmed` (exit code 64) where nobody can be asked. An answer that is neither is asked for again; the
  /// end of the input is a no, and so is a fifth answer that cannot be understood.
  package func confirm(_ question: String, isGiven: Bool) async throws(StartupError) -> Bool {
    if isGiven { return true }
    guard isTerminal else { throw .unconfirmed(question) }
    var prompt = "\(question) [y/n] "
    for _ in 0..<5 {
      guard let line = await ask(prompt) else { return false }
      if let answer = Self.answer(line) { return answer }
      prompt = "Please answer 'yes' or 'no' (or 'y' or 'n'): "
    }
    return false
  }

  /// What a line means; nil where it is neither yes nor no.
  static func answer(_ line: String) -> Bool? {
    switch line.filter({ !$0.isWhitespace }).lowercased() {
    case "yes", "ye", "y": true
    case "no", "n": false
    default: nil
    }
  }

  /// One line of standard input; waits on a thread of its own, for as long as the person thinks.
  private static func line() async -> String? {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: readLine()) }
    }
  }
}
