import CHiredis

/// Builds one Swift reply out of the callbacks of hiredis' reader, within the configured limits.
///
/// hiredis 0.14 allocates an array the moment it has read its length and aborts the process when that allocation
/// fails. With these callbacks it allocates nothing for replies: an array that claims two thousand million elements
/// is refused by the count alone. The reader calls in reading order, parents first, so a stack of open arrays is
/// enough; the pointers handed back to it are never followed.
final class ReplyBuilder {
  private struct OpenArray {
    var missing: Int
    var elements: [RedisReply]
  }

  private let maxBytes: Int
  private let maxElements: Int
  private let maxDepth: Int
  private var open: [OpenArray] = []
  private var finished: RedisReply?
  private var elementCount = 0

  /// The bytes of strings taken into the reply that is being built.
  private(set) var byteCount = 0
  /// The limit the reply broke, nil while it broke none.
  private(set) var violation: String?

  init(configuration: RedisConfiguration) {
    maxBytes = configuration.maxReplyBytes
    maxElements = configuration.maxReplyElements
    maxDepth = configuration.maxReplyDepth
  }

  /// Returns the finished reply and starts over for the next one.
  func takeFinished() -> RedisReply? {
    defer {
      finished = nil
      elementCount = 0
      byteCount = 0
      open.removeAll(keepingCapacity: true)
    }
    return finished
  }

  private func place(_ value: RedisReply) {
    var value = value
    while let last = open.indices.last {
      open[last].elements.append(value)
      open[last].missing -= 1
      guard open[last].missing <= 0 else { return }
      value = .array(open.removeLast().elements)
    }
    finished = value
  }

  private func refuse(_ reason: String) -> Bool {
    violation = reason
    return false
  }

  private func beginArray(count: Int) -> Bool {
    guard count >= 0, count <= maxElements - elementCount else { return refuse("too many elements in a reply") }
    guard open.count < maxDepth else { return refuse("a reply nested too deeply") }
    elementCount += count
    guard count > 0 else {
      place(.array([]))
      return true
    }
    var elements: [RedisReply] = []
    elements.reserveCapacity(min(count, 256))
    open.append(OpenArray(missing: count, elements: elements))
    return true
  }

  private func addText(type: Int32, bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count <= maxBytes - byteCount else { return refuse("a reply larger than \(maxBytes) bytes") }
    byteCount += bytes.count
    switch type {
    case REDIS_REPLY_ERROR: place(.error(RedisServerError(line: bytes)))
    case REDIS_REPLY_STATUS: place(.status(String(decoding: bytes, as: UTF8.self)))
    default: place(.string(Array(bytes)))
    }
    return true
  }
}

extension ReplyBuilder {
  /// The callbacks for `redisReader.fn`; each finds its builder in the task's `privdata` and answers null to refuse.
  static func callbacks() -> redisReplyObjectFunctions {
    redisReplyObjectFunctions(
      createString: { task, text, length in
        ReplyBuilder.pass(task) { builder, type in
          builder.addText(type: type, bytes: UnsafeRawBufferPointer(start: text, count: length))
        }
      },
      createArray: { task, count in
        ReplyBuilder.pass(task) { builder, _ in builder.beginArray(count: Int(count)) }
      },
      createInteger: { task, number in
        ReplyBuilder.pass(task) { builder, _ in
          builder.place(.integer(number))
          return true
        }
      },
      createNil: { task in
        ReplyBuilder.pass(task) { builder, _ in
          builder.place(.null)
          return true
        }
      },
      freeObject: { _ in })
  }

  /// The pointer under which the callbacks find this builder; the owner keeps the builder alive as long as the reader.
  var privateData: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  private static func pass(
    _ task: UnsafePointer<redisReadTask>?, _ body: (ReplyBuilder, Int32) -> Bool
  ) -> UnsafeMutableRawPointer? {
    guard let task, let data = task.pointee.privdata else { return nil }
    return body(Unmanaged<ReplyBuilder>.fromOpaque(data).takeUnretainedValue(), task.pointee.type) ? data : nil
  }
}
