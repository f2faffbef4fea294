import Shared
import Synchronization
import Testing

@testable import SharedStartup

@Suite("The question before a destructive step")
struct ConfirmationTests {
  @Test(
    "takes the answers Quay's scripts take",
    arguments: [
      ("y", true), ("YES", true), (" ye ", true), ("n", false), ("No", false), ("", nil), ("yep", nil), ("1", nil),
    ] as [(String, Bool?)])
  func answers(line: String, meaning: Bool?) { #expect(Confirmation.answer(line) == meaning) }

  @Test("asks again until the answer is one, and takes the end of the input for a no")
  func asks() async throws {
    let prompts = Mutex<[String]>([])
    let lines = Mutex(["what?", "y"])
    let confirmation = Confirmation(isTerminal: true) { prompt in
      prompts.withLock { $0.append(prompt) }
      return lines.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
    #expect(try await confirmation.confirm("Remove it?", isGiven: false))
    #expect(
      prompts.withLock { $0 } == ["Remove it? [y/n] ", "Please answer 'yes' or 'no' (or 'y' or 'n'): "])
    #expect(try await !confirmation.confirm("Remove it?", isGiven: false))
  }

  @Test("gives up on somebody who never answers")
  func neverAnswers() async throws {
    let asked = Mutex(0)
    let confirmation = Confirmation(isTerminal: true) { _ in
      asked.withLock { $0 += 1 }
      return "maybe"
    }
    #expect(try await !confirmation.confirm("Remove it?", isGiven: false))
    #expect(asked.withLock { $0 } == 5)
  }

  @Test("without a terminal only --yes confirms; else the exit code is 64 and the line names the question")
  func noTerminal() async throws {
    let confirmation = Confirmation(isTerminal: false) { _ in
      Issue.record("nobody is there to be asked")
      return nil
    }
    #expect(try await confirmation.confirm("Remove it?", isGiven: true))
    let error = await #expect(throws: StartupError.self) {
      try await confirmation.confirm("Remove it?", isGiven: false)
    }
    #expect(error?.exitCode == 64)
    #expect(error?.description.contains("Remove it?") == true)
    #expect(error?.description.contains("--yes") == true)
  }
}
