import Shared

/// How many bytes may be sent by now at a given rate.
///
/// Pure: the time comes from the caller. Whole numbers throughout; the fraction of a byte left over is kept. A request
/// larger than the bucket is let through when the bucket is full and leaves a debt, so that the rate holds over time
/// whatever the size of the parts.
struct TokenBucket: Sendable {
  let bytesPerSecond: Int64
  let capacityBytes: Int64
  private(set) var heldBytes: Int64
  private var fraction: Int64 = 0
  private var filled: ContinuousClock.Instant

  /// A full bucket that holds what `span` brings in.
  init(rate: TransferRate, span: Duration = .milliseconds(250), now: ContinuousClock.Instant) {
    self.init(bytesPerSecond: rate.bytesPerSecond, span: span, now: now)
  }

  /// The same for a share of a rate, which may be slower than a rate can be; at least 1 byte a second.
  init(bytesPerSecond: Int64, span: Duration = .milliseconds(250), now: ContinuousClock.Instant) {
    let bounded = min(max(bytesPerSecond, 1), TransferRate.maximumBytesPerSecond)
    self.bytesPerSecond = bounded
    capacityBytes = max(1, Int64(Double(bounded) * (span / .seconds(1))))
    heldBytes = capacityBytes
    filled = now
  }

  /// Takes `bytes` where they may be sent now; else returns how long to wait before asking again.
  mutating func take(_ bytes: Int64, at now: ContinuousClock.Instant) -> Duration? {
    fill(at: now)
    let needed = min(max(bytes, 0), capacityBytes)
    guard heldBytes < needed else {
      heldBytes -= max(bytes, 0)
      return nil
    }
    let (missing, overflow) = needed.subtractingReportingOverflow(heldBytes)
    let seconds = Double(overflow ? .max : missing) / Double(bytesPerSecond)
    return max(.milliseconds(1), .seconds(min(seconds, 3_600)))
  }

  /// Puts back what was taken and not used.
  mutating func putBack(_ bytes: Int64) { heldBytes = min(capacityBytes, heldBytes + max(bytes, 0)) }

  private mutating func fill(at now: ContinuousClock.Instant) {
    guard now > filled else { return }
    // So long that it fills any bucket and pays any debt, and short enough to multiply: 46 s at 100 GB/s.
    let longestUs = Int64.max / 2 / bytesPerSecond
    let passedUs = min(longestUs, Int64(min((now - filled) / .microseconds(1), 1e15)))
    let millionths = passedUs * bytesPerSecond + fraction
    fraction = millionths % 1_000_000
    heldBytes = min(capacityBytes, heldBytes + millionths / 1_000_000)
    filled = passedUs == longestUs ? now : filled + .microseconds(passedUs)
  }
}
