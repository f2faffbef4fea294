import Glibc
import Synchronization

/// The time of day as headers and tokens write it.
enum WallClock {
  /// Seconds since 1970-01-01T00:00:00Z.
  static func secondsSinceEpoch() -> Int64 { Int64(time(nil)) }

  /// `2026-01-02T03:04:05Z` (RFC 3339).
  static func rfc3339(secondsSinceEpoch: Int64) -> String {
    let t = fields(secondsSinceEpoch)
    return "\(padded(t.tm_year + 1900, 4))-\(padded(t.tm_mon + 1))-\(padded(t.tm_mday))"
      + "T\(padded(t.tm_hour)):\(padded(t.tm_min)):\(padded(t.tm_sec))Z"
  }

  /// `Fri, 02 Jan 2026 03:04:05 GMT` (RFC 9110 section 5.6.7).
  static func imfFixdate(secondsSinceEpoch: Int64) -> String {
    let t = fields(secondsSinceEpoch)
    let day = days[Int(t.tm_wday) % days.count]
    let month = months[Int(t.tm_mon) % months.count]
    return "\(day), \(padded(t.tm_mday)) \(month) \(padded(t.tm_year + 1900, 4)) "
      + "\(padded(t.tm_hour)):\(padded(t.tm_min)):\(padded(t.tm_sec)) GMT"
  }

  /// The `Date` of an answer made now; formatted once a second.
  static func httpDate() -> String {
    let now = secondsSinceEpoch()
    return cached.withLock { cached in
      if cached.second != now { cached = (now, imfFixdate(secondsSinceEpoch: now)) }
      return cached.text
    }
  }

  private static let cached = Mutex<(second: Int64, text: String)>((-1, ""))
  private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func fields(_ secondsSinceEpoch: Int64) -> tm {
    var seconds = time_t(secondsSinceEpoch)
    var result = tm()
    gmtime_r(&seconds, &result)
    return result
  }

  private static func padded(_ value: Int32, _ width: Int = 2) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}
