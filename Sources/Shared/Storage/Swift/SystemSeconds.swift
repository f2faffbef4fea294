private import Glibc

/// The system's clock in whole seconds.
enum SystemSeconds {
  /// Seconds since the epoch.
  static func now() -> Int64 { Int64(time(nil)) }
}
