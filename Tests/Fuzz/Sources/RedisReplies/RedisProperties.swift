internal import CHiredis
internal import FuzzProperties

/// What must hold of the replies read from a Redis server.
package enum RedisProperties {
  static let configuration = RedisConfiguration(
    host: "unused", maxReplyBytes: 64 << 10, maxReplyElements: 4096, maxReplyDepth: 8)

  /// However the bytes are cut into pieces, the same replies come out, each within the limits.
  ///
  /// The first byte is the size of the pieces.
  package static func replies(_ bytes: [UInt8]) {
    guard let size = bytes.first else { return }
    let stream = bytes.dropFirst()
    let whole = read(stream, pieceSize: max(stream.count, 1))
    let pieces = read(stream, pieceSize: 1 + Int(size % 32))
    require(whole.replies == pieces.replies, "the same replies come out however the bytes arrive")
    require(whole.isBroken == pieces.isBroken, "the same streams are refused however the bytes arrive")
    for reply in whole.replies { check(reply) }
  }

  private static func check(_ reply: RedisReply) {
    let size = measure(reply)
    require(size.depth <= configuration.maxReplyDepth + 1, "no reply is nested deeper than the limit")
    require(size.elements <= configuration.maxReplyElements, "no reply has more elements than the limit")
    require(size.textBytes <= configuration.maxReplyBytes, "no reply is larger than the limit")
    // Of these only the traps matter: which of them throw depends on the kind of reply.
    _ = try? reply.asOptionalString()
    _ = try? reply.asOptionalBytes()
    _ = try? reply.asInteger()
    _ = try? reply.asArray()
    require(!reply.kind.isEmpty, "every reply has a kind")
    if let entries = try? RedisStreamEntry.lists(reply: reply) {
      require(entries.count <= size.elements, "every entry of a stream stands in the reply")
      require(entries.reduce(0) { $0 + $1.fields.count * 2 } <= size.elements, "every field stands in the reply")
    }
    if case .error(let error) = reply {
      require(error.code.utf8.count <= 32 && !error.code.isEmpty, "an error has a code")
      require(!error.asError.description.isEmpty, "an error describes itself")
    }
  }

  private static func measure(_ reply: RedisReply) -> (depth: Int, elements: Int, textBytes: Int) {
    switch reply {
    case .string(let bytes): return (1, 0, bytes.count)
    // Bytes that are not UTF-8 are replaced by a character of three bytes.
    case .status(let text): return (1, 0, text.utf8.count / 3)
    case .integer, .null, .error: return (1, 0, 0)
    case .array(let elements):
      var total = (depth: 1, elements: elements.count, textBytes: 0)
      for element in elements {
        let inner = measure(element)
        total.depth = max(total.depth, 1 + inner.depth)
        total.elements += inner.elements
        total.textBytes += inner.textBytes
      }
      return total
    }
  }
}
