/// One line over the last 24 hours, drawn by the server: an SVG path, a grid and a text that says the same.
struct Chart: Sendable {
  /// What the line counts.
  enum Unit: Sendable {
    case seconds
    case copies
  }

  /// One value of the line.
  struct Point: Sendable, Hashable {
    let atMs: Int64
    let value: Int64
  }

  /// A horizontal line of the grid.
  struct Line: Sendable {
    let y: String
    let labelX: String
    let labelY: String
    let label: String
  }

  /// A vertical line of the grid.
  struct Tick: Sendable {
    let x: String
    let label: String
  }

  /// A place in the picture.
  struct Place: Sendable {
    let x: String
    let y: String
  }

  let id: String
  /// The style: `lag` or `backlog`.
  let kind: String
  let title: String
  let latest: String
  let text: String
  let width = "360"
  let height = "124"
  let left = "46"
  let right = "354"
  let top = "8"
  let bottom = "102"
  let labelY = "118"
  let lines: [Line]
  let ticks: [Tick]
  let area: String
  let line: String
  let end: Place?

  private static let (leftX, rightX, topY, bottomY) = (46.0, 354.0, 8.0, 102.0)
  private static let spanMs: Int64 = 86_400_000

  /// Draws points in order of time up to `nowMs`; where more than `gapMs` lies between two, the line is broken.
  init(
    id: String, kind: String, title: String, unit: Unit, points: [Point], nowMs: Int64, gapMs: Int64, latest: Int64
  ) {
    self.id = id
    self.kind = kind
    self.title = title
    self.latest = Self.words(latest, unit)
    let past = points.filter { $0.atMs > nowMs - Self.spanMs && $0.atMs < nowMs }
    let shown = past + [Point(atMs: nowMs, value: latest)]
    let peak = shown.max { $0.value < $1.value } ?? Point(atMs: nowMs, value: 0)
    let highest = ChartScale.top(atLeast: peak.value, unit)
    lines = (0...2).map { step in
      let y = Self.bottomY - (Self.bottomY - Self.topY) * Double(step) / 2
      return Line(
        y: Self.number(y), labelX: Self.number(Self.leftX - 6), labelY: Self.number(y + 3.5),
        label: ChartScale.label(highest / 2 * Int64(step), unit))
    }
    ticks = Self.ticks(nowMs: nowMs)
    let runs = Self.runs(shown, gapMs: gapMs).map { run in
      run.map { Place(x: Self.x($0.atMs, nowMs: nowMs), y: Self.y($0.value, highest: highest)) }
    }
    line = runs.map { run in "M" + run.map { "\($0.x) \($0.y)" }.joined(separator: "L") }.joined()
    area = runs.filter { $0.count > 1 }.map { run in
      let edge = run.map { "\($0.x) \($0.y)" }.joined(separator: "L")
      return "M\(run.first?.x ?? "0") \(Self.number(Self.bottomY))L\(edge)L\(run.last?.x ?? "0") "
        + "\(Self.number(Self.bottomY))Z"
    }.joined()
    end = runs.last?.last
    text = Self.text(since: past.first?.atMs, peak: peak, latest: self.latest, unit, nowMs: nowMs)
  }

  /// A value in words.
  static func words(_ value: Int64, _ unit: Unit) -> String {
    switch unit {
    case .seconds: value <= 0 ? "none" : PlainWords.span(seconds: value)
    case .copies: PlainWords.count(value, "copy", "copies")
    }
  }

  private static func text(since: Int64?, peak: Point, latest: String, _ unit: Unit, nowMs: Int64) -> String {
    guard let since else { return "Only the present is known so far: \(latest)." }
    let span = PlainWords.span(seconds: (nowMs - since) / 60_000 * 60)
    let moment = Moment(milliseconds: peak.atMs, nowMs: nowMs, hasSeconds: false)
    return "Over the last \(span) at most \(words(peak.value, unit)), at \(moment.clock); now \(latest)."
  }

  /// Each full sixth hour of UTC that has room for its label.
  private static func ticks(nowMs: Int64) -> [Tick] {
    let step: Int64 = 6 * 3_600_000
    let first = (nowMs - spanMs) / step * step + step
    return stride(from: first, through: nowMs, by: Int64.Stride(step)).compactMap { atMs in
      let share = Double(nowMs - atMs) / Double(spanMs)
      guard share > 0.04, share < 0.96 else { return nil }
      let hour = atMs / 3_600_000 % 24
      return Tick(x: x(atMs, nowMs: nowMs), label: "\(hour < 10 ? "0" : "")\(hour):00")
    }
  }

  private static func runs(_ points: [Point], gapMs: Int64) -> [[Point]] {
    var runs: [[Point]] = []
    for point in points {
      if let last = runs.last?.last, point.atMs - last.atMs <= gapMs {
        runs[runs.count - 1].append(point)
      } else {
        runs.append([point])
      }
    }
    return runs
  }

  private static func x(_ atMs: Int64, nowMs: Int64) -> String {
    number(leftX + (rightX - leftX) * (1 - Double(nowMs - atMs) / Double(spanMs)))
  }

  private static func y(_ value: Int64, highest: Int64) -> String {
    number(bottomY - (bottomY - topY) * min(1, Double(max(0, value)) / Double(max(1, highest))))
  }

  /// A coordinate, never negative, with one digit after the point.
  private static func number(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }
}
