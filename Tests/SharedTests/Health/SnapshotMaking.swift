import Shared

/// Snapshots for tests: what is not said passes.
struct SnapshotMaking {
  static let locations = ["us": "usstorage", "eu": "eustorage", "ap": "apstorage"]

  /// What a region's health service says of one component.
  struct Word {
    var read: ProbeStatus
    var write: ProbeStatus?
    var heldMs: Int64 = 600_000
    var lookAgeMs: Int64 = 500
  }

  static func home(_ region: String) throws -> LocationID {
    try LocationID(parsing: locations[region] ?? "\(region)storage")
  }

  static func snapshot(
    _ region: String, instance: String? = nil, _ words: [String: Word] = [:], others: [String] = ["us", "eu", "ap"]
  ) throws -> RegionSnapshot {
    var all: [String: Word] = ["database": Word(read: .pass), "redis": Word(read: .pass), "api": Word(read: .pass)]
    for other in Set(others + [region]) { all["storage:\(try home(other))"] = Word(read: .pass) }
    for (name, word) in words { all[name] = word }
    return RegionSnapshot(
      region: region, home: try home(region), instance: instance ?? "\(region)-1", atMs: 1_000_000,
      components: all.sorted { $0.key < $1.key }.map { name, word in
        ComponentHealth(
          component: name, status: word.read, reason: word.read == .pass ? nil : "\(name) \(word.read)",
          writeStatus: word.write, writeReason: word.write == nil || word.write == .pass ? nil : "writes",
          observedAtMs: 0, durationMs: 1, lookAgeMs: word.lookAgeMs, heldMs: word.heldMs, writeHeldMs: word.heldMs)
      })
  }

  static func failing(forMs heldMs: Int64 = 600_000) -> Word { Word(read: .fail, heldMs: heldMs) }
}
