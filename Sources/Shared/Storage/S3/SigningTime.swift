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
    day = Self.padded(date.year, to: 4) + Self.padded(date.month, to: 2) + Self.padded(date.day, to: 2)
    stamp =
      day + "T" + Self.padded(rest / 3_600, to: 2) + Self.padded(rest % 3_600 / 60, to: 2)
      + Self.padded(rest % 60, to: 2) + "Z"
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

  private static func padded(_ number: Int64, to width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(width - text.utf8.count, 0)) + text
  }
}
