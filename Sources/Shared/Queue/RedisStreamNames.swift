import SharedModel

/// The keys of the streams: `replication:{<location>}:<lane>`, and `replication:{<location>}:dead` for dead letters.
///
/// The braces keep all streams of a location in one slot of a Redis cluster.
struct RedisStreamNames: Sendable {
  /// The consumer group of all workers.
  static let group = "workers"

  /// Put before every key.
  let prefix: String

  /// A stream's key and what it is for.
  struct Key: Sendable {
    let text: String
    let target: LocationID
    let lane: Lane
  }

  /// The key of a target's lane.
  func key(_ target: LocationID, _ lane: Lane) -> String { "\(prefix)replication:{\(target)}:\(lane.rawValue)" }

  /// The key of a target's dead letters.
  func deadLetters(_ target: LocationID) -> String { "\(prefix)replication:{\(target)}:dead" }

  /// All streams of these targets, lane by lane.
  func keys(of targets: [LocationID]) -> [Key] {
    Lane.allCases.flatMap { lane in
      targets.map { Key(text: key($0, lane), target: $0, lane: lane) }
    }
  }

  /// What a key is for; nil for one that is not a stream's.
  func parse(_ key: String) -> (LocationID, Lane)? {
    guard key.hasPrefix(prefix + "replication:{"), let end = key.lastIndex(of: "}") else { return nil }
    let start = key.index(key.startIndex, offsetBy: prefix.count + "replication:{".count)
    let rest = key[key.index(after: end)...]
    guard start <= end, rest.first == ":", let lane = Lane(rawValue: String(rest.dropFirst())) else { return nil }
    // A key that is no location's is not a stream's either: that is the answer, not a failure.
    guard let target = try? LocationID(parsing: key[start..<end]) else { return nil }
    return (target, lane)
  }
}
