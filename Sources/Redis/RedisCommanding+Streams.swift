// Redis Streams: writing, trimming and measuring (command reference: XADD, XDEL, XLEN, XTRIM).
extension RedisCommanding {
  /// Appends an entry and returns its ID.
  ///
  /// With `maxLengthApproximate` the stream is trimmed to about that many entries, whole macro nodes at a time.
  @discardableResult
  package func streamAdd(
    _ key: String, fields: [(String, String)], maxLengthApproximate: Int? = nil
  ) async throws(RedisError) -> String {
    let arguments = try RedisStreamCommand.add(key, fields: fields, maxLengthApproximate: maxLengthApproximate)
    return try await command(arguments).asString()
  }

  /// Removes entries and returns how many there were.
  @discardableResult
  package func streamDelete(_ key: String, ids: [String]) async throws(RedisError) -> Int {
    guard !ids.isEmpty else { return 0 }
    return try await command(["XDEL", RedisArgument(key)] + ids.map { RedisArgument($0) }).asCount()
  }

  /// The number of entries; zero for a stream that does not exist.
  package func streamLength(_ key: String) async throws(RedisError) -> Int {
    try await command(["XLEN", RedisArgument(key)]).asCount()
  }

  /// Removes the oldest entries beyond `maxLength`, about or exactly, and returns how many went.
  @discardableResult
  package func streamTrim(
    _ key: String, maxLength: Int, approximate: Bool = true
  ) async throws(RedisError) -> Int {
    guard maxLength >= 0 else { throw .invalidCommand("a negative stream length") }
    let arguments: [RedisArgument] = [
      "XTRIM", RedisArgument(key), "MAXLEN", approximate ? "~" : "=", RedisArgument(maxLength),
    ]
    return try await command(arguments).asCount()
  }
}

extension RedisClient {
  /// Appends one entry per element in one round trip and returns each one's ID or error, in order.
  ///
  /// - Throws: what kept the replies from coming; an error the server gave for one entry is that entry's result.
  package func streamAdd(
    batch: [(key: String, fields: [(String, String)])], maxLengthApproximate: Int? = nil
  ) async throws(RedisError) -> [Result<String, RedisError>] {
    var commands: [[RedisArgument]] = []
    for entry in batch {
      commands.append(
        try RedisStreamCommand.add(entry.key, fields: entry.fields, maxLengthApproximate: maxLengthApproximate))
    }
    return try await pipeline(commands).map { reply in
      Result { () throws(RedisError) in try reply.asString() }
    }
  }
}
