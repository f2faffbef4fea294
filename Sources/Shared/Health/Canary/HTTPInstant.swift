/// The two ways in which servers tell instants here, both in GMT, as seconds since the epoch.
enum HTTPInstant {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the one form servers may send (RFC 9110 section 5.6.7); nil for anything else.
  static func seconds(ofDate text: String) -> Int64? {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard text.utf8.count <= 64, words.count == 6, words[5] == "GMT" else { return nil }
    return seconds(day: words[1], month: words[2], year: words[3], time: words[4])
  }

  /// Reads `Nov 21 23:37:53 2026 GMT`, as OpenSSL prints the end of a certificate; nil for anything else.
  static func seconds(ofCertificate text: String) -> Int64? {
    let words = text.split(separator: " ", omittingEmptySubsequences: true)
    guard text.utf8.count <= 64, words.count == 5, words[4] == "GMT" else { return nil }
    return seconds(day: words[1], month: words[0], year: words[3], time: words[2])
  }

  private static func seconds(day: Substring, month: Substring, year: Substring, time: Substring) -> Int64? {
    let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { number($0, 0...60) }
    guard let day = number(day, 1...31), let year = number(year, 1900...9999),
      let month = months.firstIndex(of: String(month)), clock.count == 3, let hour = clock[0], let minute = clock[1],
      let second = clock[2], hour < 24, minute < 60
    else { return nil }
    // Days since 0000-03-01 in the calendar of today, with years that begin in March (Howard Hinnant, "days from civil").
    let shifted = month < 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    return Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
  }

  private static func number(_ text: Substring, _ range: ClosedRange<Int>) -> Int? {
    guard !text.isEmpty, text.utf8.count <= 4, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int(text), range.contains(number)
    else { return nil }
    return number
  }
}
