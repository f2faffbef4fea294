import HTTPTypes
import Shared

/// The `Content-Range` of a chunk: `<first>-<last>`, both inclusive (OCI distribution-spec, "Pushing a blob in chunks").
struct ContentRange: Sendable, Hashable {
  let first: Int64
  let last: Int64

  /// The number of bytes the header speaks of.
  var count: Int64 { last - first + 1 }

  /// Parses the protocol's form, and the same behind `bytes=` or `bytes `, which some clients send.
  ///
  /// Throws 416 for anything else: a total (`0-9/10`), a reversed range, digits beyond a 64-bit offset (wire check 68).
  init(header: String) throws(OCIFailure) {
    var text = header[...]
    if let prefix = ["bytes=", "bytes "].first(where: { text.lowercased().hasPrefix($0) }) {
      text = text.dropFirst(prefix.count)
    }
    let numbers = text.split(separator: "-", omittingEmptySubsequences: false)
    guard numbers.count == 2, let first = numbers.first.flatMap(Self.number),
      let last = numbers.last.flatMap(Self.number),
      first <= last, last < Int64.max
    else { throw OCIFailure(.rangeInvalid, "malformed Content-Range") }
    self.first = first
    self.last = last
  }

  /// Checks the range against where the upload stands and against the announced length.
  ///
  /// Throws 416 with the offset to continue from (wire checks 64, 65 and 69), 400 where the lengths differ (check 67).
  func check(offset: Int64, announcedBytes: Int64?) throws(OCIFailure) {
    guard first == offset else { throw .outOfOrder(offset: offset) }
    guard announcedBytes == nil || announcedBytes == count else {
      throw OCIFailure(.sizeInvalid, "Content-Length does not match Content-Range")
    }
  }

  private static func number(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else { return nil }
    return Int64(text)
  }
}

extension OCIFailure {
  /// A chunk that does not begin where the upload stands; the answer says where that is.
  static func outOfOrder(offset: Int64) -> OCIFailure {
    var failure = OCIFailure(.rangeInvalid, "the upload continues at offset \(offset)")
    failure.fields[.range] = UploadRange.header(offset: offset)
    return failure
  }
}

/// The `Range` header of upload answers.
enum UploadRange {
  /// `0-<last>`, without a unit; `0-0` also where nothing has arrived yet (wire checks 56 and 63).
  static func header(offset: Int64) -> String { "0-\(max(offset - 1, 0))" }
}
