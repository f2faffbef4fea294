import CHiredis
import Glibc

/// One TCP connection to the server: a hiredis context in non-blocking mode with our own reply builder in its reader.
///
/// Every call returns at once, apart from ``open(_:)``. After a thrown error the link is of no further use.
// Sendable proof: a link is only ever touched by one thread at a time. The thread that opens it puts it into the
// connection's mailbox (a lock) and forgets it; from then on only the connection's own thread, which took it out under
// the same lock, calls it and drops it. A link nobody takes is dropped where it was opened.
final class RedisLink: @unchecked Sendable {
  private let context: UnsafeMutablePointer<redisContext>
  private let reader: UnsafeMutablePointer<redisReader>
  private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
  private let builder: ReplyBuilder
  private let maxReplyBytes: Int

  /// Whether bytes of commands wait for the socket to take them.
  private(set) var hasUnsentBytes = false

  var descriptor: Int32 { context.pointee.fd }

  /// Takes over `context`, whose reader must be `reader`, and frees it in the end.
  init(
    context: UnsafeMutablePointer<redisContext>, reader: UnsafeMutablePointer<redisReader>,
    configuration: RedisConfiguration
  ) {
    self.context = context
    self.reader = reader
    maxReplyBytes = configuration.maxReplyBytes
    builder = ReplyBuilder(configuration: configuration)
    functions = .allocate(capacity: 1)
    functions.initialize(to: ReplyBuilder.callbacks())
    reader.pointee.fn = functions
    reader.pointee.privdata = builder.privateData
    context.pointee.flags &= ~REDIS_BLOCK
  }

  deinit {
    redisFree(context)
    functions.deallocate()
  }

  /// Adds encoded commands to what is to be sent.
  func enqueue(_ bytes: [UInt8]) throws(RedisError) {
    let status = bytes.withUnsafeBytes { raw in
      redisAppendFormattedCommand(context, raw.bindMemory(to: CChar.self).baseAddress, raw.count)
    }
    guard status == REDIS_OK else { throw .connectionLost(Self.errorText(context)) }
    hasUnsentBytes = true
  }

  /// Sends as much as the socket takes now.
  func flush() throws(RedisError) {
    var isDone: Int32 = 0
    guard redisBufferWrite(context, &isDone) == REDIS_OK else { throw .connectionLost(Self.errorText(context)) }
    hasUnsentBytes = isDone == 0
  }

  /// Reads what the socket has now, up to 16 KiB (hiredis' own buffer).
  func receive() throws(RedisError) {
    guard redisBufferRead(context) == REDIS_OK else { throw .connectionLost(Self.errorText(context)) }
  }

  /// The next complete reply among the bytes read; nil when there is none yet.
  ///
  /// - Throws: `.protocolViolation` for bytes that are not RESP2 or a reply beyond the limits, complete or not.
  func nextReply() throws(RedisError) -> RedisReply? {
    var pointer: UnsafeMutableRawPointer?
    guard redisReaderGetReply(reader, &pointer) == REDIS_OK else {
      throw .protocolViolation(builder.violation ?? Self.text(of: reader.pointee.errstr))
    }
    if pointer != nil { return builder.takeFinished() }
    let unread = reader.pointee.len.subtractingReportingOverflow(reader.pointee.pos)
    guard !unread.overflow, unread.partialValue <= maxReplyBytes - builder.byteCount + Self.framingAllowance else {
      throw .protocolViolation("a reply larger than \(maxReplyBytes) bytes")
    }
    return nil
  }

  /// Room for a string's own length line and line ends beside its bytes.
  private static let framingAllowance = 64 << 10

  static func errorText(_ context: UnsafeMutablePointer<redisContext>) -> String {
    let text = text(of: context.pointee.errstr)
    return text.isEmpty ? "error \(context.pointee.err)" : text
  }

  /// The text in one of hiredis' fixed-size error buffers, up to its NUL.
  private static func text<Buffer>(of buffer: Buffer) -> String {
    withUnsafeBytes(of: buffer) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
