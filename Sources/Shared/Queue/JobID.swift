/// The database's number of a replication job: all that a queue message says of it (D1).
package struct JobID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package let rawValue: Int64

  /// Takes the number of a row.
  package init(rawValue: Int64) { self.rawValue = rawValue }

  /// Reads the decimal digits of a positive number, as a queue message carries them; nil for anything else.
  package init?(parsing text: some StringProtocol) {
    guard text.utf8.count <= 19, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int64(text), number > 0
    else { return nil }
    rawValue = number
  }

  package var description: String { String(rawValue) }

  package static func < (left: JobID, right: JobID) -> Bool { left.rawValue < right.rawValue }
}
