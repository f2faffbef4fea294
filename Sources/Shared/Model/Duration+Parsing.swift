extension Duration {
  /// Reads a whole number with its unit, as operators write lengths of time: `90s`, `10m`, `24h`, `7d`.
  ///
  /// Nil for anything else, and for more than 100 years.
  package init?(parsing text: some StringProtocol) {
    let unit: Int64
    switch text.last {
    case "s": unit = 1
    case "m": unit = 60
    case "h": unit = 3600
    case "d": unit = 86_400
    default: return nil
    }
    let digits = text.dropLast()
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(digits) else {
      return nil
    }
    let (seconds, overflows) = number.multipliedReportingOverflow(by: unit)
    guard !overflows, seconds <= 100 * 366 * 86_400 else { return nil }
    self = .seconds(seconds)
  }
}
