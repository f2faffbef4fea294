import Shared
import Testing

@testable import HealthService

@Suite("An agent check is told a line")
struct AgentAnswerTests {
  private func verdict(
    read: ProbeStatus = .pass, weight: Int = 100, write: ProbeStatus = .pass, reasons: [Reason] = [],
    drain: RegionDrain? = nil
  ) -> RegionVerdict {
    RegionVerdict(
      region: "us", read: Judgement(status: read, weight: weight, reasons: reasons),
      write: Judgement(status: write, reasons: reasons), drain: drain)
  }

  private func line(_ question: String, _ verdict: RegionVerdict) -> String? {
    AgentQuestion(line: question, own: "us").map { AgentAnswer.line(for: $0, verdicts: [verdict]) }
  }

  private func drain(_ direction: RegionDrain.Direction) -> RegionDrain {
    RegionDrain(region: "us", direction: direction, reason: "trial", by: "test", sinceMs: 0, untilMs: nil)
  }

  @Test func aWellRegionIsReadyWithItsWeight() {
    #expect(line("", verdict()) == "ready up 100%\n")
    #expect(line("us read", verdict(read: .warn, weight: 50)) == "ready up 50%\n")
    #expect(line("us write", verdict(read: .warn, weight: 50)) == "ready up 100%\n")
    #expect(line("us", verdict(read: .warn, weight: 50)) == "ready up 50%\n")
  }

  @Test func aFailingDirectionIsDownWithItsCode() {
    let reasons = [Reason(code: .componentFailed, component: "storage:usstorage", text: "disk 7 is full")]
    let full = RegionVerdict(
      region: "us", read: Judgement(status: .pass), write: Judgement(status: .fail, reasons: reasons))
    #expect(line("us write", full) == "ready down #component_failed\n")
    #expect(line("write", full) == "ready down #component_failed\n")
    #expect(line("read", full) == "ready up 100%\n")
    #expect(line("", full) == "ready down #component_failed\n")
    #expect(line("", verdict(read: .unknown)) == "ready down #unknown\n")
    #expect(line("eu", verdict()) == "ready down #unknown_region\n")
  }

  @Test func anOperatorsDrainIsADrain() {
    let reads = RegionVerdict(
      region: "us", read: Judgement(status: .fail, reasons: [Reason(code: .drained, text: "trial")]),
      write: Judgement(status: .pass), drain: drain(.read))
    #expect(line("us read", reads) == "drain\n")
    #expect(line("us", reads) == "drain\n")
    #expect(line("us write", reads) == "ready up 100%\n")
  }

  /// Where every other region is out the engine lets a drained one serve, and then it is ready.
  @Test func aDrainedRegionThatServesAllTheSameIsReady() {
    #expect(line("us", verdict(read: .warn, weight: 1, write: .warn, drain: drain(.both))) == "ready up 1%\n")
  }

  @Test(arguments: ["us read now", "us nonsense", "? ? ?", "a b c d"])
  func otherQuestionsAreNone(line: String) { #expect(AgentQuestion(line: line, own: "us") == nil) }

  @Test func wordsMayStandApartInAnyWay() {
    #expect(AgentQuestion(line: "  eu\twrite\r\n", own: "us") == AgentQuestion(region: "eu", traffic: .write))
    #expect(AgentQuestion(line: "read", own: "us") == AgentQuestion(region: "us", traffic: .read))
  }
}
