import Shared
import Synchronization
import Testing

@testable import SharedStartup

@Suite("Progress of a command")
struct ProgressTests {
  private let start = ContinuousClock.now

  private func text(_ done: Int64, _ total: Int64?, rate: Double?, left: Duration?) -> ProgressText {
    ProgressText(
      title: "backfill", unit: .things("blobs"), done: done, total: total, perSecond: rate, remaining: left)
  }

  @Test("the bar fits its terminal and its figures are exact")
  func bar() {
    let text = text(450, 1000, rate: 120, left: .seconds(5))
    #expect(text.bar(columns: 70) == "backfill  [######.........]   45 %  450 of 1,000 blobs  120/s  ETA 5 s")
    #expect(text.bar(columns: 30) == "backfill   45 %  450 of 1,000 ")
    for columns in 20...200 { #expect(text.bar(columns: columns).count <= columns) }
  }

  @Test("100 % is all of it; what is not known is not said")
  func edges() {
    #expect(text(999_999, 1_000_000, rate: 0, left: nil).line.contains("(99 %), 0.0/s, ETA unknown"))
    #expect(text(10, 10, rate: 2.25, left: .zero).line == "backfill: 10 of 10 blobs (100 %), 2.3/s")
    #expect(text(7, nil, rate: nil, left: nil).line == "backfill: 7 blobs")
    #expect(text(0, 0, rate: nil, left: nil).bar(columns: 40) == "backfill  0 blobs")
    #expect(text(12, 10, rate: 1, left: nil).line.contains("(100 %)"))
  }

  @Test("sizes, speeds and times are written for people")
  func words() {
    #expect(ProgressUnit.grouped(1_234_567) == "1,234,567")
    #expect(ProgressUnit.grouped(-12_345) == "-12,345")
    #expect(ProgressUnit.size(1023) == "1023 bytes")
    #expect(ProgressUnit.size(1536) == "1.5 KiB")
    #expect(ProgressUnit.size(.max) == "8192.0 PiB")
    #expect(ProgressUnit.bytes.text(perSecond: 3 * 1024 * 1024) == "3.0 MiB/s")
    #expect(ProgressUnit.bytes.text(perSecond: .infinity) == "-/s")
    #expect(ProgressText.duration(.seconds(59)) == "59 s")
    #expect(ProgressText.duration(.seconds(200)) == "3 min 20 s")
    #expect(ProgressText.duration(.seconds(7500)) == "2 h 05 min")
    #expect(ProgressText.duration(.seconds(180_000)) == "2 d 02 h")
  }

  @Test("the rate is that of the last quarter of a minute, without what was done before the first look")
  func rate() {
    var rate = ProgressRate()
    #expect(rate.perSecond == nil)
    rate.note(1_000_000, at: start)
    #expect(rate.perSecond == nil)
    rate.note(1_000_100, at: start + .seconds(1))
    #expect(rate.perSecond == 100)
    #expect(rate.remaining(200) == .seconds(2))
    for second in 2...60 { rate.note(1_000_100 + Int64(second) * 10, at: start + .seconds(second)) }
    #expect(rate.perSecond == 10)
    for second in 61...90 { rate.note(1_000_700, at: start + .seconds(second)) }
    #expect(rate.perSecond == 0)
    #expect(rate.remaining(5) == nil)
    #expect(rate.remaining(0) == .zero)
  }

  @Test("many notes in a short time are thinned out and change nothing")
  func thinning() {
    var rate = ProgressRate()
    for tick in 0...100_000 { rate.note(Int64(tick), at: start + .milliseconds(tick)) }
    #expect(rate.perSecond.map { abs($0 - 1000) < 1 } == true)
  }

  /// A progress whose clock is moved by hand and whose output is kept.
  private final class Stage: Sendable {
    private let clock: Mutex<ContinuousClock.Instant>
    private let output = Mutex("")

    init(_ start: ContinuousClock.Instant) { clock = Mutex(start) }

    var written: String { output.withLock { $0 } }

    func advance(_ duration: Duration) { clock.withLock { $0 = $0 + duration } }

    func progress(columns: Int?) -> ProgressLine {
      var width: (@Sendable () -> Int)?
      if let columns { width = { columns } }
      return ProgressLine(
        "copy", unit: .things("blobs"), columns: width, now: { self.clock.withLock { $0 } },
        write: { (text: String) in self.output.withLock { $0 += text } })
    }
  }

  @Test("in a log there is a line every five seconds, and none for work that is over at once")
  func log() {
    let stage = Stage(start)
    let progress = stage.progress(columns: nil)
    for done in 0..<120 {
      progress.update(done: Int64(done), total: 120)
      stage.advance(.milliseconds(100))
    }
    progress.finish()
    #expect(
      stage.written == """
        copy: 50 of 120 blobs (41 %), 10/s, ETA 7 s
        copy: 100 of 120 blobs (83 %), 10/s, ETA 2 s
        copy: 119 of 120 blobs (99 %), 10/s, ETA 0 s

        """)
    let quick = Stage(start)
    let short = quick.progress(columns: nil)
    short.update(done: 0, total: 1)
    short.update(done: 1, total: 1)
    short.finish()
    #expect(quick.written == "")
  }

  @Test("on a terminal the bar is drawn in place, at most ten times a second, and steps aside for a line")
  func terminal() {
    let stage = Stage(start)
    let progress = stage.progress(columns: 60)
    for done in 0..<100 {
      progress.update(done: Int64(done), total: 100)
      stage.advance(.milliseconds(10))
    }
    #expect(stage.written.filter { $0 == "\r" }.count == 10)
    let before = stage.written.count
    progress.interrupt {}
    #expect(stage.written.dropFirst(before).hasPrefix("\r\u{1B}[K"))
    progress.finish()
    #expect(stage.written.hasSuffix("\u{1B}[K\n"))
  }
}
