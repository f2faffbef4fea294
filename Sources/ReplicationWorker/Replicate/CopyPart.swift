import Shared

/// One part of a blob: its number, counted from 1, and the bytes it covers.
struct CopyPart: Sendable, Hashable {
  let number: Int
  let range: ByteRange

  var sizeBytes: Int64 { range.count }
}
