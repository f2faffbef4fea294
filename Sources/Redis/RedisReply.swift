/// One reply of the server as a value (RESP2).
package enum RedisReply: Sendable, Hashable {
  /// A bulk string; any bytes.
  case string([UInt8])
  /// A simple string such as `OK`.
  case status(String)
  case integer(Int64)
  case array([RedisReply])
  /// A null bulk string or null array.
  case null
  /// An error reply; inside an array or a pipeline it is a value, at the top of a command it is thrown.
  case error(RedisServerError)
}

extension RedisReply {
  /// The text of a bulk or simple string; bytes that are not UTF-8 are replaced.
  ///
  /// - Throws: `.server` for an error reply, `.unexpectedReply` for every other kind.
  package func asString() throws(RedisError) -> String {
    switch self {
    case .string(let bytes): return String(decoding: bytes, as: UTF8.self)
    case .status(let text): return text
    default: throw mismatch(expected: "string")
    }
  }

  /// The same as ``asString()`` with nil for a null reply.
  package func asOptionalString() throws(RedisError) -> String? {
    if case .null = self { return nil }
    return try asString()
  }

  /// The bytes of a bulk or simple string.
  ///
  /// - Throws: `.server` for an error reply, `.unexpectedReply` for every other kind.
  package func asBytes() throws(RedisError) -> [UInt8] {
    switch self {
    case .string(let bytes): return bytes
    case .status(let text): return Array(text.utf8)
    default: throw mismatch(expected: "string")
    }
  }

  /// The same as ``asBytes()`` with nil for a null reply.
  package func asOptionalBytes() throws(RedisError) -> [UInt8]? {
    if case .null = self { return nil }
    return try asBytes()
  }

  /// The number of an integer reply.
  ///
  /// - Throws: `.server` for an error reply, `.unexpectedReply` for every other kind.
  package func asInteger() throws(RedisError) -> Int64 {
    guard case .integer(let number) = self else { throw mismatch(expected: "integer") }
    return number
  }

  /// The elements of an array reply.
  ///
  /// - Throws: `.server` for an error reply, `.unexpectedReply` for every other kind, null included.
  package func asArray() throws(RedisError) -> [RedisReply] {
    guard case .array(let elements) = self else { throw mismatch(expected: "array") }
    return elements
  }

  /// Returns when the reply is the status `OK`.
  ///
  /// - Throws: `.server` for an error reply, `.unexpectedReply` for everything else.
  package func expectOK() throws(RedisError) {
    guard case .status("OK") = self else { throw mismatch(expected: "OK") }
  }

  /// The kind of the reply, without its content, for error texts.
  package var kind: String {
    switch self {
    case .string: "string"
    case .status: "status"
    case .integer: "integer"
    case .array(let elements): "array of \(elements.count)"
    case .null: "null"
    case .error: "error"
    }
  }

  func mismatch(expected: String) -> RedisError {
    if case .error(let error) = self { return error.asError }
    return .unexpectedReply("expected \(expected), received \(kind)")
  }
}
