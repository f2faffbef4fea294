import Shared

/// Numbers, sizes and times as people read them.
enum PlainWords {
  /// A time span in its two largest units: `2 h 05 min`, `3 min 20 s`, `8 s`.
  static func span(seconds: Int64) -> String {
    let seconds = max(0, seconds)
    let two: (Int64) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds / 60) min \(two(seconds % 60)) s"
    case ..<86_400:
      let minutes = seconds % 3600 / 60
      return minutes == 0 ? "\(seconds / 3600) h" : "\(seconds / 3600) h \(two(minutes)) min"
    default:
      let hours = seconds % 86_400 / 3600
      return hours == 0 ? "\(seconds / 86_400) d" : "\(seconds / 86_400) d \(two(hours)) h"
    }
  }

  /// A short time in milliseconds, a long one as `span` has it.
  static func span(milliseconds: Int64) -> String {
    switch milliseconds {
    case ..<1000: "\(max(0, milliseconds)) ms"
    case ..<10_000: "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
    default: span(seconds: milliseconds / 1000)
    }
  }

  /// How long ago something was.
  static func ago(milliseconds: Int64) -> String {
    milliseconds < 1000 ? "just now" : "\(span(seconds: milliseconds / 1000)) ago"
  }

  /// A size in powers of 1024, with one digit after the point below ten.
  static func size(_ bytes: Int64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var value = Double(max(0, bytes))
    var unit = 0
    while value >= 1023.5, unit + 1 < units.count {
      value /= 1024
      unit += 1
    }
    guard unit > 0, value < 9.95 else { return "\(Int64(value.rounded())) \(units[unit])" }
    let tenths = Int64((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }

  /// A number with narrow spaces between thousands, at which no line is broken.
  static func count(_ number: Int64) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append("\u{202F}") }
      text.append(digit)
    }
    return number < 0 ? "-\(text)" : text
  }

  /// A number of things: `1 copy`, `12 copies`.
  static func count(_ number: Int64, _ one: String, _ many: String) -> String {
    "\(count(number)) \(number == 1 ? one : many)"
  }

  /// Names as a sentence has them: `a`, `a and b`, `a, b and c`; of many only the first few.
  static func list(_ names: [String], atMost limit: Int = 6) -> String {
    guard names.count <= limit else {
      return names.prefix(limit).joined(separator: ", ") + " and \(names.count - limit) more"
    }
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return "\(names.dropLast().joined(separator: ", ")) and \(last)"
  }
}
