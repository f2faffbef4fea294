import Redis

/// One message as Redis delivers it: a list of field names and values, of which only the job's number counts.
struct RedisStreamEntry: Sendable {
  /// The one field of a message.
  static let jobField = "job"

  let key: String
  let id: String
  /// Names and values in turn.
  let fields: [[UInt8]]

  /// The job's number; nil where the message has none or another field besides.
  var job: JobID? {
    guard fields.count == 2, fields[0] == Array(Self.jobField.utf8) else { return nil }
    return JobID(parsing: String(decoding: fields[1], as: UTF8.self))
  }

  /// All of the content, for the dead letters.
  var rawContent: [UInt8] { Array(fields.joined(separator: [UInt8(ascii: " ")])) }

  /// Reads the reply of XREADGROUP (Redis command reference): streams, each with its key and its entries; null for none.
  static func entries(ofStreams reply: RedisReply) throws(RedisError) -> [RedisStreamEntry] {
    if case .null = reply { return [] }
    var result: [RedisStreamEntry] = []
    for stream in try reply.asArray() {
      let pair = try stream.asArray()
      guard pair.count == 2 else { throw .unexpectedReply("a stream without entries") }
      result += try entries(pair[1], key: try pair[0].asString())
    }
    return result
  }

  /// Reads the reply of XAUTOCLAIM: the cursor to go on from, the entries, and (from Redis 7 on) the deleted ids.
  static func entries(
    ofClaim reply: RedisReply, key: String
  ) throws(RedisError) -> (cursor: String, entries: [RedisStreamEntry]) {
    let parts = try reply.asArray()
    guard parts.count >= 2 else { throw .unexpectedReply("a claim without entries") }
    return (try parts[0].asString(), try entries(parts[1], key: key))
  }

  private static func entries(_ reply: RedisReply, key: String) throws(RedisError) -> [RedisStreamEntry] {
    var result: [RedisStreamEntry] = []
    for entry in try reply.asArray() {
      // Redis 6.2 answers null for an entry that was trimmed while it was pending.
      if case .null = entry { continue }
      let pair = try entry.asArray()
      guard pair.count == 2 else { throw .unexpectedReply("an entry without fields") }
      var fields: [[UInt8]] = []
      if case .array(let values) = pair[1] {
        for value in values { fields.append(try value.asBytes()) }
      }
      result.append(RedisStreamEntry(key: key, id: try pair[0].asString(), fields: fields))
    }
    return result
  }
}
