import CLibPQ

/// Turns libpq results into Swift values; nothing it returns points into the result.
enum ResultDecoder {
  static func columns(_ result: OpaquePointer) -> PostgresColumns {
    let indices = 0..<PQnfields(result)
    return PostgresColumns(
      names: indices.map { String(cString: PQfname(result, $0)) },
      kinds: indices.map { PostgresColumns.Kind(objectID: PQftype(result, $0)) })
  }

  static func row(_ result: OpaquePointer, row: Int32, columns: PostgresColumns) -> PostgresRow {
    var values: [PostgresValue] = []
    values.reserveCapacity(columns.kinds.count)
    for (index, kind) in columns.kinds.enumerated() {
      let column = Int32(truncatingIfNeeded: index)
      guard PQgetisnull(result, row, column) == 0, let start = PQgetvalue(result, row, column) else {
        values.append(.null)
        continue
      }
      let length = Int(PQgetlength(result, row, column))
      let text = UnsafeRawBufferPointer(start: start, count: length)
      values.append(value(text, kind))
    }
    return PostgresRow(columns: columns, values: values)
  }

  static func sizeBytes(_ result: OpaquePointer, row: Int32, columns: Int) -> Int {
    (0..<Int32(truncatingIfNeeded: columns)).reduce(0) { $0 + Int(PQgetlength(result, row, $1)) }
  }

  static func affectedRows(_ result: OpaquePointer) -> Int {
    // Empty for commands that touch no rows.
    Int(String(cString: PQcmdTuples(result))) ?? 0
  }

  /// The error a result reports. A FATAL or PANIC one is the server ending the session.
  static func error(_ result: OpaquePointer) -> PostgresError {
    let message =
      field(result, "M")
      ?? String(cString: PQresultErrorMessage(result)).split(whereSeparator: \.isNewline).joined(separator: "; ")
    guard let sqlState = field(result, "C") else { return .connectionLost(message) }
    let severity = field(result, "V")
    if severity == "FATAL" || severity == "PANIC" { return .connectionLost(message) }
    return .server(sqlState: sqlState, message: message, constraint: field(result, "n"))
  }

  /// A diagnostic field, by its letter (PostgreSQL manual, "Error and Notice Message Fields").
  static func field(_ result: OpaquePointer, _ code: Unicode.Scalar) -> String? {
    PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
  }

  private static func value(_ text: UnsafeRawBufferPointer, _ kind: PostgresColumns.Kind) -> PostgresValue {
    switch kind {
    case .bool: return .bool(text.first == UInt8(ascii: "t"))
    case .bytes: if let bytes = hexadecimal(text) { return .bytes(bytes) }
    case .int: if let number = integer(text) { return .int(number) }
    case .double: if let number = Double(String(decoding: text, as: UTF8.self)) { return .double(number) }
    case .text: break
    }
    return .text(String(decoding: text, as: UTF8.self))
  }

  private static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
    let isNegative = text.first == UInt8(ascii: "-")
    var number: Int64 = 0
    for byte in text.dropFirst(isNegative ? 1 : 0) {
      let digit = Int64(byte) - 48
      guard (0...9).contains(digit) else { return nil }
      let (product, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = product.subtractingReportingOverflow(digit)
      guard !overflow, !sumOverflow else { return nil }
      number = sum
    }
    if isNegative { return number }
    return number == .min ? nil : -number
  }

  /// `\x…`, the server's `bytea_output` since PostgreSQL 9.0; nil for anything else.
  private static func hexadecimal(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x") else {
      return nil
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2 - 1)
    var index = 2
    while index < text.count {
      guard let high = nibble(text[index]), let low = nibble(text[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
      index += 2
    }
    return bytes
  }

  private static func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
