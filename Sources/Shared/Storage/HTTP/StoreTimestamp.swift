/// Reads the two forms of time that object stores answer with, as milliseconds since the epoch.
///
/// Strict: fixed widths, UTC only, fields within their ranges. What a store says is compared with ages that decide over
/// deletions, so a form that is nearly right is not guessed at.
enum StoreTimestamp {
  /// `2026-11-21T17:05:12.479Z`, with no fraction or one of up to nine digits (ISO 8601 as the S3 API reference shows it).
  static func iso8601(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard (20...30).contains(bytes.count), bytes.last == UInt8(ascii: "Z"), bytes[4] == UInt8(ascii: "-"),
      bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
      bytes[16] == UInt8(ascii: ":"),
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
      let seconds = seconds(bytes[11..<13], bytes[14..<16], bytes[17..<19]),
      let days = days(year: year, month: month, day: day)
    else { return nil }
    let whole = (days * 86_400 + seconds) * 1_000
    guard bytes.count > 20 else { return whole }
    let fraction = bytes[20..<(bytes.count - 1)]
    guard bytes[19] == UInt8(ascii: "."), !fraction.isEmpty, number(fraction) != nil,
      let milliseconds = number((fraction + [0x30, 0x30]).prefix(3))
    else { return nil }
    return whole + milliseconds
  }

  /// `Sat, 21 Nov 2026 17:05:12 GMT`, the form of the Date header (RFC 9110 section 5.6.7, IMF-fixdate).
  static func httpDate(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 29, bytes[3...4].elementsEqual(", ".utf8), bytes[25...].elementsEqual(" GMT".utf8),
      bytes[7] == 0x20, bytes[11] == 0x20, bytes[16] == 0x20, bytes[19] == UInt8(ascii: ":"),
      bytes[22] == UInt8(ascii: ":"),
      let month = months.firstIndex(of: String(decoding: bytes[8..<11], as: UTF8.self)),
      let day = number(bytes[5..<7]), let year = number(bytes[12..<16]),
      let seconds = seconds(bytes[17..<19], bytes[20..<22], bytes[23..<25]),
      let days = days(year: year, month: Int64(month + 1), day: day)
    else { return nil }
    return (days * 86_400 + seconds) * 1_000
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Digits only; at most nine of them, so nothing overflows.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard (1...9).contains(digits.count) else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    return value
  }

  /// Seconds since midnight; a leap second counts as the last second of its minute.
  private static func seconds(
    _ hour: ArraySlice<UInt8>, _ minute: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>
  ) -> Int64? {
    guard let hour = number(hour), let minute = number(minute), let second = number(second), hour < 24, minute < 60,
      second <= 60
    else { return nil }
    return hour * 3_600 + minute * 60 + min(second, 59)
  }

  /// Days since the epoch in the Gregorian calendar, years counted from March; nil for a day that month does not have.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
    guard (1970...9999).contains(year), (1...12).contains(month) else { return nil }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let length: Int64 = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    guard (1...length).contains(day) else { return nil }
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
