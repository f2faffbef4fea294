/// The wording of stream commands that are used in more than one place.
enum RedisStreamCommand {
  /// `XADD`; a stream entry needs at least one field.
  static func add(
    _ key: String, fields: [(String, String)], maxLengthApproximate: Int?
  ) throws(RedisError) -> [RedisArgument] {
    guard !fields.isEmpty else { throw .invalidCommand("a stream entry without fields") }
    var arguments: [RedisArgument] = ["XADD", RedisArgument(key)]
    if let maxLengthApproximate {
      guard maxLengthApproximate >= 0 else { throw .invalidCommand("a negative stream length") }
      arguments += ["MAXLEN", "~", RedisArgument(maxLengthApproximate)]
    }
    arguments.append("*")
    for (name, value) in fields { arguments += [RedisArgument(name), RedisArgument(value)] }
    return arguments
  }

  /// `XREADGROUP` for entries nobody in the group was given yet (`>`).
  static func readGroup(
    _ group: String, consumer: String, keys: [String], count: Int, blockMilliseconds: Int64?
  ) throws(RedisError) -> [RedisArgument] {
    guard !keys.isEmpty, count > 0 else { throw .invalidCommand("a group read without streams or count") }
    var arguments: [RedisArgument] = [
      "XREADGROUP", "GROUP", RedisArgument(group), RedisArgument(consumer), "COUNT", RedisArgument(count),
    ]
    if let blockMilliseconds { arguments += ["BLOCK", RedisArgument(blockMilliseconds)] }
    arguments.append("STREAMS")
    arguments += keys.map { RedisArgument($0) }
    arguments += keys.map { _ in ">" }
    return arguments
  }
}

extension RedisReply {
  /// A number of things: an integer reply that is not negative.
  func asCount() throws(RedisError) -> Int {
    guard let count = Int(exactly: try asInteger()), count >= 0 else {
      throw .unexpectedReply("expected a count, received another integer")
    }
    return count
  }
}
