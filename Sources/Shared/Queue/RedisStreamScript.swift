/// The one script the queue runs on the server.
enum RedisStreamScript {
  /// Takes up to ARGV[3] messages for consumer ARGV[2] of group ARGV[1] from the streams KEYS, the first ones first.
  ///
  /// A script because XREADGROUP counts for each stream apart: without it, either the limit or the order of the lanes
  /// would cost a round trip for every stream. Groups that are missing, as after FLUSHALL, are made on the way, from
  /// the beginning of the stream. It answers like XREADGROUP itself.
  static let take = """
    local result = {}
    local left = tonumber(ARGV[3])
    for _, key in ipairs(KEYS) do
      if left <= 0 then break end
      local function read()
        return redis.pcall('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', left, 'STREAMS', key, '>')
      end
      local reply = read()
      if reply and reply.err and string.find(reply.err, 'NOGROUP', 1, true) then
        local made = redis.pcall('XGROUP', 'CREATE', key, ARGV[1], '0', 'MKSTREAM')
        if made.err then return made end
        reply = read()
      end
      if reply and reply.err then return reply end
      if reply and reply[1] then
        result[#result + 1] = reply[1]
        left = left - #reply[1][2]
      end
    end
    return result
    """
}
