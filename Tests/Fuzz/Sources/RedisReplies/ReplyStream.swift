internal import CHiredis
internal import FuzzProperties

extension RedisProperties {
  /// Feeds hiredis' reader in pieces, as `RedisLink` does from a socket, and collects replies until the stream breaks.
  static func read(_ stream: ArraySlice<UInt8>, pieceSize: Int) -> (replies: [RedisReply], isBroken: Bool) {
    guard let reader = redisReaderCreate() else { return ([], true) }
    let builder = ReplyBuilder(configuration: configuration)
    var functions = ReplyBuilder.callbacks()
    return withUnsafeMutablePointer(to: &functions) { functions in
      withExtendedLifetime(builder) {
        reader.pointee.fn = functions
        reader.pointee.privdata = builder.privateData
        defer { redisReaderFree(reader) }
        var replies: [RedisReply] = []
        var rest = stream
        while !rest.isEmpty {
          let piece = rest.prefix(pieceSize)
          rest = rest.dropFirst(piece.count)
          let fed = piece.withUnsafeBytes { raw in
            redisReaderFeed(reader, raw.bindMemory(to: CChar.self).baseAddress, raw.count)
          }
          guard fed == REDIS_OK else { return (replies, true) }
          guard drain(reader, builder, into: &replies) else { return (replies, true) }
        }
        return (replies, false)
      }
    }
  }

  /// Takes every complete reply; false where the bytes are no RESP or a limit is broken.
  private static func drain(
    _ reader: UnsafeMutablePointer<redisReader>, _ builder: ReplyBuilder, into replies: inout [RedisReply]
  ) -> Bool {
    while true {
      var pointer: UnsafeMutableRawPointer?
      guard redisReaderGetReply(reader, &pointer) == REDIS_OK else { return false }
      guard pointer != nil else { return true }
      let reply = builder.takeFinished()
      require(reply != nil, "a reply hiredis has finished is finished here")
      if let reply { replies.append(reply) }
    }
  }
}
