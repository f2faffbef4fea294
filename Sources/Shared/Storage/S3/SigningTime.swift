/// A moment in the two forms Signature Version 4 uses.
struct SigningTime: Sendable, Hashable {
  /// `YYYYMMDD`.
  let day: String
  /// `YYYYMMDDThhmmssZ`.
  let stamp: String

  /// Converts seconds since the epoch, UTC, without leap seconds.
  init(secondsSinceEpoch seconds: Int64) {
    let seconds = min(max(seconds, 0), 253_402_300_799)  // until the end of the year 9999
    let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let date = Self.civilDate(daysSinceEpoch: days)
    let numbers = date.year * 10_000 + date.month * 100 + date.day
    let times = rest / 3_600 * 10_000 + rest % 3_600 / 60 * 100 + rest % 60
    day = Self.digits(numbers, count: 8)
    stamp = "\(day)T\(Self.digits(times, count: 6))Z"
  }

  /// The proleptic Gregorian date: years are counted from March, so that the leap day is the last of its year.
  private static func civilDate(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468  // from 1 March of the year 0
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  /// A number in so many digits, zeros first.
  private static func digits(_ number: Int64, count: Int) -> String {
    String(unsafeUninitializedCapacity: count) { buffer in
      var rest = number
      for index in (0..<count).reversed() {
        buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      }
      return count
    }
  }
}
