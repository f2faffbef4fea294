import Glibc

extension Duration {
  /// The duration in milliseconds for poll(2), rounded up and kept within `0...Int32.max`.
  var pollMilliseconds: Int32 {
    Int32(clamping: wholeMilliseconds)
  }

  /// The duration in milliseconds, rounded up; negative durations become zero, overlong ones the largest number.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    let (product, overflowed) = seconds.multipliedReportingOverflow(by: 1000)
    let (sum, carried) = product.addingReportingOverflow(fraction)
    return overflowed || carried ? .max : sum
  }

  /// The duration for C calls, at least one millisecond (zero would mean "no limit" to some) and at most a day.
  var timeval: Glibc.timeval {
    let milliseconds = min(max(wholeMilliseconds, 1), 86_400_000)
    return Glibc.timeval(tv_sec: Int(milliseconds / 1000), tv_usec: Int(milliseconds % 1000) * 1000)
  }
}
