import ArgumentParser

/// How long a drain lasts, on the command line: a whole number with `m`, `h` or `d`.
struct DrainDuration: ExpressibleByArgument, Sendable, Hashable {
  let duration: Duration

  /// Parses `30m`, `2h` or `7d`; nil for anything else, for nothing and for more than a year.
  init?(argument: String) {
    let unit: Int64
    switch argument.last {
    case "s": unit = 1
    case "m": unit = 60
    case "h": unit = 3600
    case "d": unit = 86_400
    default: return nil
    }
    let digits = argument.dropLast()
    guard !digits.isEmpty, digits.utf8.count <= 9, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int64(digits)
    else { return nil }
    let (seconds, overflows) = number.multipliedReportingOverflow(by: unit)
    guard !overflows, (1...31_536_000).contains(seconds) else { return nil }
    duration = .seconds(seconds)
  }
}
