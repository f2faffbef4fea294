/// A statement and its parameters in the form libpq takes, checked and copied off the session's thread.
struct EncodedStatement: Sendable {
  let sql: String
  /// The parameters' bytes one after another, each followed by a NUL (text parameters are NUL-terminated to libpq).
  private let bytes: [UInt8]
  /// Where each parameter starts in `bytes`, -1 for NULL.
  private let offsets: [Int]
  private let lengths: [Int32]
  /// 0 for text, 1 for binary.
  private let formats: [Int32]

  /// - Throws: ``PostgresError/invalidParameter(_:)`` for a NUL byte in the SQL or in a text (which PostgreSQL cannot
  ///   hold), and for more than 65535 parameters (a 16-bit field of the protocol's Bind message).
  init(_ sql: String, _ parameters: [PostgresValue] = []) throws(PostgresError) {
    guard !sql.utf8.contains(0) else { throw .invalidParameter("the SQL text contains a NUL byte") }
    guard parameters.count <= 65535 else { throw .invalidParameter("more than 65535 parameters") }
    var bytes: [UInt8] = []
    var offsets: [Int] = []
    var lengths: [Int32] = []
    var formats: [Int32] = []
    for (index, parameter) in parameters.enumerated() {
      let start = bytes.count
      switch parameter {
      case .null: break
      case .bool(let flag): bytes.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
      case .int(let number): bytes.append(contentsOf: String(number).utf8)
      case .double(let number): bytes.append(contentsOf: Self.spell(number).utf8)
      case .text(let text):
        guard !text.utf8.contains(0) else { throw .invalidParameter("parameter $\(index + 1) contains a NUL byte") }
        bytes.append(contentsOf: text.utf8)
      case .bytes(let value): bytes.append(contentsOf: value)
      }
      guard let length = Int32(exactly: bytes.count - start), length <= 1 << 30 else {
        throw .invalidParameter("parameter $\(index + 1) is larger than 1 GiB")
      }
      bytes.append(0)
      offsets.append(parameter == .null ? -1 : start)
      lengths.append(length)
      if case .bytes = parameter { formats.append(1) } else { formats.append(0) }
    }
    self.sql = sql
    self.bytes = bytes
    self.offsets = offsets
    self.lengths = lengths
    self.formats = formats
  }

  /// A statement of the driver's own, without parameters.
  init(bare sql: String) {
    self.sql = sql
    bytes = []
    offsets = []
    lengths = []
    formats = []
  }

  /// Calls `body` with the arrays of `PQsendQueryPrepared`; the pointers are valid during the call only.
  func withParameters<Result>(
    _ body: (
      _ count: Int32, _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
      _ formats: UnsafePointer<Int32>?
    ) -> Result
  ) -> Result {
    guard !offsets.isEmpty else { return body(0, nil, nil, nil) }
    return bytes.withUnsafeBytes { raw in
      let base = raw.baseAddress
      return withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: offsets.count) { values in
        for (index, offset) in offsets.enumerated() {
          let pointer = offset < 0 ? nil : base?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
          values.initializeElement(at: index, to: pointer)
        }
        return body(Int32(offsets.count), values.baseAddress, lengths, formats)
      }
    }
  }

  /// The spelling PostgreSQL reads back to the same `double precision`.
  private static func spell(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
    return number.description
  }
}
