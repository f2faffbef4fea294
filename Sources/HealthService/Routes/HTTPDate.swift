import Glibc

/// The time as HTTP writes it (IMF-fixdate, RFC 9110 section 5.6.7).
enum HTTPDate {
  private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Writes a time given in milliseconds since 1970.
  static func text(ms: Int64) -> String {
    var seconds = time_t(ms / 1000)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return "Thu, 01 Jan 1970 00:00:00 GMT" }
    let day = name(days, parts.tm_wday), month = name(months, parts.tm_mon)
    let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0) }.joined(separator: ":")
    return "\(day), \(padded(parts.tm_mday)) \(month) \(1900 + parts.tm_year) \(time) GMT"
  }

  /// Writes the same as RFC 3339 does, to the second.
  static func timestamp(ms: Int64) -> String {
    var seconds = time_t(ms / 1000)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return "1970-01-01T00:00:00Z" }
    let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0) }.joined(separator: ":")
    return "\(1900 + parts.tm_year)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))T\(time)Z"
  }

  private static func name(_ names: [String], _ index: Int32) -> String {
    let index = Int(index)
    return names.indices.contains(index) ? names[index] : ""
  }

  private static func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
