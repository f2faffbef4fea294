/// A parameter of an SQL statement, always bound, never spliced into its text.
package enum SQLValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case text(String)
  case bytes([UInt8])
  /// A list of numbers; the statement unfolds it with `SQLDialect.rows`.
  case integers([Int64])
  /// A list of texts; the statement unfolds it with `SQLDialect.rows`.
  case texts([String])

  /// A text, or null.
  package static func text(_ value: String?) -> SQLValue {
    guard let value else { return .null }
    return .text(value)
  }

  /// A number, or null.
  package static func integer(_ value: Int64?) -> SQLValue {
    guard let value else { return .null }
    return .integer(value)
  }

  /// Whole milliseconds, rounded up so that a short duration is never none at all.
  package static func milliseconds(_ duration: Duration) -> SQLValue {
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    let part = attoseconds <= 0 ? 0 : (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    guard !overflow else { return .integer(seconds < 0 ? -Self.longestMilliseconds : Self.longestMilliseconds) }
    return .integer(min(max(whole + part, -Self.longestMilliseconds), Self.longestMilliseconds))
  }

  /// A thousand years; added to a present time it cannot overflow.
  private static let longestMilliseconds: Int64 = 31_556_952_000_000
}
