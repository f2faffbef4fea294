import Shared

/// Into how many ranges a part is divided for fetching, from how fast single transfers of the link were; pure.
///
/// Parts are hashed in order, so what is behind a slow one waits in memory. On a slow or long way a part is therefore
/// fetched by several transfers at once, and is here in a fraction of the time; on a quick way that would only be more
/// requests. The measure is the time of a transfer with its round trip, smoothed.
struct RangeSizing: Sendable {
  /// The bounds and the measure.
  struct Limits: Sendable, Hashable {
    /// No range but a part's only one is smaller, in bytes.
    var smallestBytes: Int64 = 2 << 20
    /// The ranges of one part at most.
    var maximumPieces = 4
    /// What one transfer should take.
    var wanted: Duration = .milliseconds(400)
    /// The share of the newest transfer in the smoothed rate.
    var weight = 0.25
  }

  let limits: Limits
  /// Nil until a transfer was measured.
  private(set) var bytesPerSecond: Double?

  /// Knows of no transfer: parts are divided as far as they may be, which also begins a copy at once with all slots.
  init(limits: Limits = Limits()) { self.limits = limits }

  /// Takes in that one transfer of `bytes` took `duration`.
  mutating func transferred(_ bytes: Int64, in duration: Duration) {
    guard bytes > 0, duration > .zero else { return }
    let rate = Double(bytes) / (duration / .seconds(1))
    bytesPerSecond = bytesPerSecond.map { $0 + (rate - $0) * limits.weight } ?? rate
  }

  /// How many ranges a part of `bytes` is fetched in, at least 1.
  func pieces(of bytes: Int64) -> Int {
    let most = min(Double(limits.maximumPieces), (Double(bytes) / Double(max(limits.smallestBytes, 1))).rounded(.down))
    guard most > 1 else { return 1 }
    guard let bytesPerSecond else { return Int(most) }
    let wanted = (Double(bytes) / max(bytesPerSecond * (limits.wanted / .seconds(1)), 1)).rounded(.up)
    return Int(min(most, max(wanted, 1)))
  }
}

extension ByteRange {
  /// The range in `pieces` consecutive ranges of about the same length; itself where there are fewer bytes than pieces.
  func divided(into pieces: Int) -> [ByteRange] {
    guard pieces > 1, count >= Int64(pieces) else { return [self] }
    let size = count / Int64(pieces)
    return (0..<Int64(pieces)).compactMap { piece in
      let start = first + piece * size
      return ByteRange(first: start, last: piece == Int64(pieces) - 1 ? last : start + size - 1)
    }
  }
}
