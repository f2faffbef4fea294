import ArgumentParser
import Shared

/// How long a drain lasts, on the command line.
struct DrainDuration: ExpressibleByArgument, Sendable, Hashable {
  let duration: Duration

  /// Parses `90s`, `30m`, `2h` or `7d`; nil for anything else, for nothing and for more than a year.
  init?(argument: String) {
    guard let duration = Duration(parsing: argument), (.seconds(1) ... .seconds(31_536_000)).contains(duration) else {
      return nil
    }
    self.duration = duration
  }
}
