import Foundation
import Shared

/// A drain in words.
enum DrainText {
  /// One line: what is kept away, until when, by whom and why.
  static func line(_ drain: RegionDrain, nowMs: Int64) -> String {
    let what =
      switch drain.direction {
      case .both: "no traffic"
      case .read: "no pulls"
      case .write: "no pushes"
      }
    let end = drain.untilMs.map { "until \(instant($0)) (\(span($0 - nowMs)) left)" } ?? "until 'undrain'"
    return "\(drain.region)  \(what)  \(end)  since \(instant(drain.sinceMs)) by \(drain.by)  \(drain.reason)"
  }

  /// An instant in milliseconds since the epoch, in UTC and to the second.
  static func instant(_ ms: Int64) -> String {
    Date(timeIntervalSince1970: Double(ms) / 1000).ISO8601Format()
  }

  private static func span(_ ms: Int64) -> String {
    let minutes = max(0, ms) / 60_000
    return minutes >= 120 ? "\(minutes / 60) h" : minutes >= 2 ? "\(minutes) min" : "\(max(0, ms) / 1000) s"
  }
}
