/// A closed, non-empty range of byte offsets within an object of known size: `first...last`, both inclusive.
package struct ByteRange: Sendable, Hashable, CustomStringConvertible {
  package let first: Int64
  package let last: Int64

  /// The number of bytes in the range, at least 1.
  package var count: Int64 { last - first + 1 }

  /// Makes the range where `0 <= first <= last < Int64.max`, so that `count` cannot overflow; else nil.
  package init?(first: Int64, last: Int64) {
    guard first >= 0, first <= last, last < Int64.max else { return nil }
    self.first = first
    self.last = last
  }

  /// `first-last`, the form of the Range header's value after `bytes=`.
  package var description: String { "\(first)-\(last)" }
}
