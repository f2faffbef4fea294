/// A moment in the two forms Azure's signatures use.
struct AzureTime: Sendable, Hashable {
  /// `Sat, 21 Nov 2026 17:05:12 GMT` (RFC 9110 section 5.6.7), of the `x-ms-date` header.
  let httpDate: String
  /// `2026-11-21T17:05:12Z`, of the fields of an access signature.
  let iso8601: String

  /// Converts seconds since the epoch, UTC, without leap seconds.
  init(secondsSinceEpoch seconds: Int64) {
    // `YYYYMMDDThhmmssZ`: always 16 characters.
    let digits = SigningTime(secondsSinceEpoch: seconds).stamp
    func part(_ offset: Int, _ count: Int) -> Substring { digits.dropFirst(offset).prefix(count) }
    let (year, month, day) = (part(0, 4), part(4, 2), part(6, 2))
    let time = "\(part(9, 2)):\(part(11, 2)):\(part(13, 2))"
    iso8601 = "\(year)-\(month)-\(day)T\(time)Z"
    let weekday = Self.weekdays[Int((max(seconds, 0) / 86_400 + 4) % 7)]
    let monthName = Self.months[min(max((Int(month) ?? 1) - 1, 0), 11)]
    httpDate = "\(weekday), \(day) \(monthName) \(year) \(time) GMT"
  }

  /// The first day of the epoch was a Thursday.
  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
