import ArgumentParser
import Shared

/// A length of time on the command line: a whole number with `s`, `m`, `h` or `d`, or `0`.
struct DurationArgument: ExpressibleByArgument, Sendable, Hashable, CustomStringConvertible {
  let duration: Duration

  /// Takes a length of whole seconds.
  init(seconds: Int64) { self.init(.seconds(seconds)) }

  private init(_ duration: Duration) { self.duration = duration }

  /// Parses `90s`, `10m`, `24h`, `7d` or `0`; nil for anything else and for more than 100 years.
  init?(argument: String) {
    if argument == "0" {
      self.init(seconds: 0)
      return
    }
    guard let duration = Duration(parsing: argument) else { return nil }
    self.init(duration)
  }

  var description: String {
    let seconds = duration.components.seconds
    for (unit, length) in [("d", Int64(86_400)), ("h", 3600), ("m", 60)]
    where seconds >= length && seconds.isMultiple(of: length) {
      return "\(seconds / length)\(unit)"
    }
    return seconds == 0 ? "0" : "\(seconds)s"
  }

  var defaultValueDescription: String { description }
}
