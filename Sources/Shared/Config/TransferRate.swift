import SharedModel

/// How many bytes a second may be sent somewhere.
package struct TransferRate: Sendable, Hashable {
  /// The slowest rate there is, 64 KiB/s: at less, one part of a blob would take longer than a deadline.
  package static let minimumBytesPerSecond: Int64 = 65_536
  /// The fastest, 100 GB/s: more is no limit.
  package static let maximumBytesPerSecond: Int64 = 100_000_000_000

  /// What a text must look like, for messages.
  package static let form =
    "must be a rate from 64KiB/s to 100GB/s: bytes, or a number with B, kB, MB, GB, KiB, MiB, GiB, kbit, Mbit or Gbit "
    + "and /s, for example 50MB/s"

  /// Numerator and denominator of a unit in bytes.
  private static let units: [String: (times: Int64, over: Int64)] = [
    "": (1, 1), "B": (1, 1), "kB": (1_000, 1), "KB": (1_000, 1), "MB": (1_000_000, 1), "GB": (1_000_000_000, 1),
    "KiB": (1 << 10, 1), "MiB": (1 << 20, 1), "GiB": (1 << 30, 1), "kbit": (1_000, 8), "Mbit": (1_000_000, 8),
    "Gbit": (1_000_000_000, 8),
  ]

  package let bytesPerSecond: Int64

  /// Takes a number of bytes a second; nil outside the bounds.
  package init?(bytesPerSecond: Int64) {
    guard (Self.minimumBytesPerSecond...Self.maximumBytesPerSecond).contains(bytesPerSecond) else { return nil }
    self.bytesPerSecond = bytesPerSecond
  }

  /// Reads `50MB/s`, `1.5GiB/s`, `400Mbit/s` or a bare number of bytes; nil for anything else. Up to three decimals.
  package init?(parsing text: String) {
    guard text.utf8.count <= 32 else { return nil }
    let amount = text.hasSuffix("/s") ? text.dropLast(2) : text[...]
    let number = amount.prefix { $0.isASCII && $0.isNumber || $0 == "." }
    guard let unit = Self.units[String(amount.dropFirst(number.count))] else { return nil }
    // A bare number of bytes is bytes a second already: `1000/s` would be a number of something unnamed.
    if unit.times == 1, amount.count == number.count, text.hasSuffix("/s") { return nil }
    guard let thousandths = Self.thousandths(number) else { return nil }
    let (product, overflow) = thousandths.multipliedReportingOverflow(by: unit.times)
    guard !overflow else { return nil }
    self.init(bytesPerSecond: product / (1_000 * unit.over))
  }

  /// A decimal number in thousandths: digits, and up to three more after a point.
  private static func thousandths(_ text: Substring) -> Int64? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let whole = Int64(parts[0]), parts[0].utf8.allSatisfy(\.isDigit) else {
      return nil
    }
    var fraction: Int64 = 0
    if parts.count == 2 {
      guard (1...3).contains(parts[1].count), parts[1].utf8.allSatisfy(\.isDigit),
        let digits = Int64(parts[1] + String(repeating: "0", count: 3 - parts[1].count))
      else { return nil }
      fraction = digits
    }
    let (product, overflow) = whole.multipliedReportingOverflow(by: 1_000)
    guard !overflow else { return nil }
    let (sum, isTooLarge) = product.addingReportingOverflow(fraction)
    return isTooLarge ? nil : sum
  }
}

extension TransferRate: CustomStringConvertible {
  /// The rate in the largest decimal unit that keeps it exact, for example `50 MB/s`.
  package var description: String {
    for (size, unit) in [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")] as [(Int64, String)]
    where bytesPerSecond >= size && bytesPerSecond % size == 0 {
      return "\(bytesPerSecond / size) \(unit)/s"
    }
    return "\(bytesPerSecond) B/s"
  }
}
