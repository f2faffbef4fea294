/// One field of a stream entry.
package struct RedisStreamField: Sendable, Hashable {
  package let name: String
  package let value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// One entry of a stream, with the stream it came from.
///
/// Names and values that are not UTF-8 have the broken bytes replaced, so that one bad producer cannot make a stream
/// unreadable. An entry that was deleted while pending (`XREADGROUP` from an explicit ID) has no fields.
package struct RedisStreamEntry: Sendable, Hashable {
  package let key: String
  /// The entry's ID, `milliseconds-sequence`.
  package let id: String
  package let fields: [RedisStreamField]

  package init(key: String, id: String, fields: [RedisStreamField]) {
    self.key = key
    self.id = id
    self.fields = fields
  }

  /// The value of the first field called `name`.
  package subscript(name: String) -> String? {
    fields.first { $0.name == name }?.value
  }
}

extension RedisStreamEntry {
  /// Reads one `[id, [name, value, …]]` element; nil fields, or nil in place of the list, make an entry without any.
  init(key: String, reply: RedisReply) throws(RedisError) {
    let parts = try reply.asArray()
    guard parts.count == 2 else { throw reply.mismatch(expected: "an ID and its fields") }
    self.key = key
    id = try parts[0].asString()
    if case .null = parts[1] {
      fields = []
      return
    }
    let texts = try parts[1].asArray()
    guard texts.count.isMultiple(of: 2) else { throw parts[1].mismatch(expected: "names and values in pairs") }
    var read: [RedisStreamField] = []
    read.reserveCapacity(texts.count / 2)
    for index in stride(from: 0, to: texts.count, by: 2) {
      read.append(RedisStreamField(name: try texts[index].asString(), value: try texts[index + 1].asString()))
    }
    fields = read
  }

  /// Reads a list of entries of one stream; null elements (Redis 6 in `XAUTOCLAIM`) are left out.
  static func list(key: String, reply: RedisReply) throws(RedisError) -> [RedisStreamEntry] {
    var entries: [RedisStreamEntry] = []
    for element in try reply.asArray() {
      if case .null = element { continue }
      entries.append(try RedisStreamEntry(key: key, reply: element))
    }
    return entries
  }

  /// Reads the reply of `XREADGROUP`: null, or `[[key, entries], …]`.
  static func lists(reply: RedisReply) throws(RedisError) -> [RedisStreamEntry] {
    if case .null = reply { return [] }
    var entries: [RedisStreamEntry] = []
    for stream in try reply.asArray() {
      let parts = try stream.asArray()
      guard parts.count == 2 else { throw stream.mismatch(expected: "a key and its entries") }
      entries += try list(key: try parts[0].asString(), reply: parts[1])
    }
    return entries
  }
}

/// What one step of `XAUTOCLAIM` moved to the consumer.
package struct RedisStreamClaim: Sendable, Hashable {
  /// Where the next step starts; `0-0` when the whole pending list was seen.
  package let nextStart: String
  package let entries: [RedisStreamEntry]
  /// Pending entries that no longer exist in the stream and were dropped from the list (Redis 7).
  package let deletedIDs: [String]
}
