import SharedModel

/// Sizes as Quay writes them: digits and one of K, M, G, T (powers of 1,024), for example `20G`.
enum SizeText {
  /// The largest size that means anything here, 5 TiB: the largest object S3 holds.
  static let maximumBytes: Int64 = 5 << 40

  /// The number of bytes; nil where the text is no size, is zero or more than the maximum.
  static func bytes(_ text: String) -> Int64? {
    guard let unit = text.utf8.last, let number = Int64(text.dropLast()), text.utf8.dropLast().allSatisfy(\.isDigit)
    else {
      return nil
    }
    let shift: Int64
    switch unit {
    case UInt8(ascii: "K"): shift = 10
    case UInt8(ascii: "M"): shift = 20
    case UInt8(ascii: "G"): shift = 30
    case UInt8(ascii: "T"): shift = 40
    default: return nil
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << shift)
    return overflow || bytes < 1 || bytes > maximumBytes ? nil : bytes
  }

  /// A size for people: the largest unit that divides it.
  static func text(_ bytes: Int64) -> String {
    for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] as [(Int64, String)]
    where bytes >= 1 << shift && bytes % (1 << shift) == 0 {
      return "\(bytes >> shift) \(unit)"
    }
    return "\(bytes) bytes"
  }
}
