import Testing

@testable import HealthService

@Suite("Charts")
struct ChartTests {
  private let nowMs = PageSpecimens.nowMs
  private let minute: Int64 = 60_000

  private func chart(_ points: [(minutesAgo: Int64, value: Int64)], latest: Int64 = 0) -> Chart {
    Chart(
      id: "c", kind: "lag", title: "Lag", unit: .seconds,
      points: points.map { Chart.Point(atMs: nowMs - $0.minutesAgo * minute, value: $0.value) }, nowMs: nowMs,
      gapMs: 15 * minute, latest: latest)
  }

  @Test("break the line where nobody looked, and end at the present")
  func gaps() {
    let chart = chart([(60, 10), (55, 20), (30, 5), (10, 5)], latest: 7)
    #expect(chart.line.split(separator: "M").count == 3)
    #expect(chart.end?.x == "354")
    #expect(chart.text == "Over the last 1 h at most 20 s, at 12:51 UTC; now 7 s.")
  }

  @Test("stay inside the picture whatever the numbers are")
  func extremes() {
    for value in [0, 1, Int64.max, Int64.min] {
      let chart = chart([(2000, value), (1439, value), (5, value)], latest: value)
      let numbers = chart.line.split { !$0.isNumber && $0 != "." && $0 != "-" }.compactMap { Double($0) }
      #expect(!numbers.isEmpty && numbers.allSatisfy { (0...360).contains($0) }, "\(value): \(chart.line)")
      #expect(chart.line.split { $0 == "M" || $0 == "L" }.count == 3, "the point of before yesterday is left out")
    }
    #expect(chart([], latest: 0).text == "Only the present is known so far: none.")
  }

  @Test("have round numbers at their side", arguments: [0, 1, 9, 10, 11, 59, 61, 3601, 86_401, 1 << 40, Int64.max])
  func scales(value: Int64) {
    for unit in [Chart.Unit.seconds, .copies] {
      let top = ChartScale.top(atLeast: value, unit)
      #expect(top >= min(value, 1 << 62) && top.isMultiple(of: 2) && top > 0)
    }
    #expect(ChartScale.label(1500, .copies) == "1.5k" && ChartScale.label(2_000_000, .copies) == "2M")
    #expect(ChartScale.label(90, .seconds) == "90 s" && ChartScale.label(7200, .seconds) == "2 h")
  }
}

@Suite("Plain words")
struct PlainWordsTests {
  @Test("say times, sizes, numbers and lists")
  func words() {
    #expect(PlainWords.span(seconds: 59) == "59 s" && PlainWords.span(seconds: 187) == "3 min 07 s")
    #expect(PlainWords.span(seconds: 7500) == "2 h 05 min" && PlainWords.span(seconds: 90_000) == "1 d 01 h")
    #expect(PlainWords.span(milliseconds: 640) == "640 ms" && PlainWords.span(milliseconds: 2140) == "2.1 s")
    #expect(PlainWords.ago(milliseconds: 12) == "just now" && PlainWords.span(seconds: -5) == "0 s")
    #expect(PlainWords.size(0) == "0 B" && PlainWords.size(1536) == "1.5 KiB" && PlainWords.size(-1) == "0 B")
    #expect(PlainWords.size(1_048_576) == "1.0 MiB" && PlainWords.size(.max) == "8192 PiB")
    #expect(PlainWords.count(1_234_567) == "1\u{202F}234\u{202F}567" && PlainWords.count(-12) == "-12")
    #expect(PlainWords.list(["a"]) == "a" && PlainWords.list(["a", "b", "c"]) == "a, b and c")
    #expect(PlainWords.list(["a", "b", "c"], atMost: 2) == "a, b and 1 more" && PlainWords.list([]) == "")
  }
}
