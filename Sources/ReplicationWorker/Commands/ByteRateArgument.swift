import ArgumentParser

/// Bytes per second on the command line: digits and one of K, M, G (powers of 1,024), or plain bytes; 0 for none.
struct ByteRateArgument: ExpressibleByArgument, Sendable, Hashable, CustomStringConvertible {
  let bytes: Int64
  private let text: String

  /// Parses `4M`, `512K`, `0`; nil for anything else and for more than 1 TiB per second.
  init?(argument: String) {
    let shifts: [Character: Int64] = ["K": 10, "M": 20, "G": 30]
    let shift = argument.last.flatMap { shifts[$0] }
    let digits = shift == nil ? argument[...] : argument.dropLast()
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(digits) else {
      return nil
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << (shift ?? 0))
    guard !overflow, bytes <= 1 << 40 else { return nil }
    self.bytes = bytes
    text = argument
  }

  /// So many MiB per second.
  init(mebibytes: Int64) {
    bytes = mebibytes << 20
    text = "\(mebibytes)M"
  }

  var description: String { text }
  var defaultValueDescription: String { text }
}
