/// The value of a Content-Range header, `bytes first-last/total` (RFC 9110 section 14.4).
struct ServedRange: Sendable, Hashable {
  let first: Int64
  let last: Int64
  let total: Int64

  /// Parses a satisfied range of known total; nil for anything else.
  init?(_ text: String) {
    guard text.hasPrefix("bytes "), text.utf8.count <= 80 else { return nil }
    let halves = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, let total = Int64(halves[1]) else { return nil }
    let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Int64(ends[0]), let last = Int64(ends[1]), first >= 0, first <= last,
      last < total
    else { return nil }
    self.first = first
    self.last = last
    self.total = total
  }
}
