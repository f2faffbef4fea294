/// The words of a progress, for a terminal of some width and for a log.
struct ProgressText: Sendable {
  let title: String
  let unit: ProgressUnit
  let done: Int64
  /// Nil while it is not known how much there is.
  let total: Int64?
  let perSecond: Double?
  let remaining: Duration?

  /// One line of at most `columns` characters: the bar takes what the figures leave, and goes where that is little.
  func bar(columns: Int) -> String {
    let speed = perSecond.map { "  \(unit.text(perSecond: $0))" } ?? ""
    guard let total, total > 0 else { return cut("\(title)  \(unit.text(done))\(speed)", columns) }
    let figures = "\(percent(of: total))  \(unit.text(done, of: total))\(speed)\(left("  ETA "))"
    let room = min(40, columns - title.count - figures.count - 6)
    guard room >= 8 else { return cut("\(title)  \(figures)", columns) }
    let filled = Int((fraction(of: total) * Double(room)).rounded(.down))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: room - filled)
    return "\(title)  [\(bar)]  \(figures)"
  }

  /// One line for a log.
  var line: String {
    let speed = perSecond.map { ", \(unit.text(perSecond: $0))" } ?? ""
    guard let total, total > 0 else { return "\(title): \(unit.text(done))\(speed)" }
    let percent = percent(of: total).drop { $0 == " " }
    return "\(title): \(unit.text(done, of: total)) (\(percent))\(speed)\(left(", ETA "))"
  }

  /// A time for people, in its two largest units: `2 h 05 min`, `3 min 20 s`, `8 s`.
  static func duration(_ duration: Duration) -> String {
    let seconds = max(0, duration.components.seconds)
    let two: (Int64) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min \(two(seconds % 60)) s"
    case ..<86_400: return "\(seconds / 3600) h \(two(seconds % 3600 / 60)) min"
    default: return "\(seconds / 86_400) d \(two(seconds % 86_400 / 3600)) h"
    }
  }

  private func left(_ word: String) -> String {
    guard let total, done < total else { return "" }
    return word + (remaining.map(Self.duration) ?? "unknown")
  }

  private func fraction(of total: Int64) -> Double { min(1, max(0, Double(done) / Double(total))) }

  /// Rounded down, so that 100 % means all of it.
  private func percent(of total: Int64) -> String {
    let percent = "\(Int(fraction(of: total) * 100))"
    return String(repeating: " ", count: max(0, 3 - percent.count)) + percent + " %"
  }

  private func cut(_ text: String, _ columns: Int) -> String { String(text.prefix(max(1, columns))) }
}
