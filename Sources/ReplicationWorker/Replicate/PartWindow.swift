import Shared

/// Where every part of a copy stands and what may be done next; pure, apart from all input and output.
///
/// ```
///   planned ─▶ admitting ─▶ fetching ─▶ fetched ─▶ hashed, in order ─┐
///                                         └──────▶ confirmed ────────┴─▶ released ─▶ in a checkpoint
/// ```
///
/// A part is fetched in any order, hashed strictly in order (the hash is one chain), and uploaded as soon as it is
/// fetched. Parts are admitted in order and one at a time, so the part that everything waits for always holds its memory
/// already. No more than `limit` parts are ever past the last checkpoint, which bounds both the memory of a copy and
/// what a successor reads again (D3).
struct PartWindow: Sendable {
  /// Progress to be made durable: everything before `offsetBytes` is in confirmed parts and in the hash.
  struct SavePoint: Sendable {
    /// The parts since the last save, ascending.
    let parts: [UploadedPart]
    let hasher: ContentHasher
    var offsetBytes: Int64 { hasher.count }
  }

  private struct Held {
    var isFetched = false
    /// The hash of everything up to the end of this part, once it is hashed.
    var hasher: ContentHasher?
    var confirmed: UploadedPart?
  }

  let totalBytes: Int64
  let partBytes: Int64
  private let limit: Int
  private let count: Int
  /// The parts under way that are not in `settled` yet.
  private var held: [Int: Held] = [:]
  private var admitted: Int
  private var isAdmitting = false
  private var hashed: Int
  private var isHashing = false
  /// The hash of everything up to the end of part `hashed`.
  private(set) var hasher: ContentHasher
  /// The parts from the first one on that are hashed and confirmed without a gap, and the hash at their end.
  private var settled: [UploadedPart]
  private var settledHasher: ContentHasher
  /// How many parts are in the checkpoint.
  private var saved: Int
  /// How many were to be when a save was last begun.
  private var offered: Int
  private var isSaving = false

  /// Begins after `confirmed`, the parts 1 to n that a checkpoint holds; `hasher` is its state.
  ///
  /// Nil where these contradict each other or the sizes: such a checkpoint is of no use.
  init?(totalBytes: Int64, partBytes: Int64, limit: Int, confirmed: [UploadedPart] = [], hasher: ContentHasher) {
    guard totalBytes > 0, partBytes > 0, limit > 0 else { return nil }
    let (parts, rest) = totalBytes.quotientAndRemainder(dividingBy: partBytes)
    guard let count = Int(exactly: parts + (rest > 0 ? 1 : 0)), confirmed.count <= count else { return nil }
    self.totalBytes = totalBytes
    self.partBytes = partBytes
    self.limit = limit
    self.count = count
    admitted = confirmed.count
    hashed = confirmed.count
    saved = confirmed.count
    offered = confirmed.count
    self.hasher = hasher
    settled = confirmed
    settledHasher = hasher
    var offset: Int64 = 0
    for (index, part) in confirmed.enumerated() {
      guard part.number == index + 1, part.sizeBytes == self.part(part.number)?.sizeBytes else { return nil }
      offset += part.sizeBytes
    }
    guard hasher.count == offset else { return nil }
  }

  /// Whether every byte is in the hash.
  var isHashed: Bool { hashed == count }
  /// Whether every byte is hashed, every part confirmed, and no save is under way or to be begun.
  var isFinished: Bool { settled.count == count && !isSaving && offered == count }
  /// The parts so far without a gap, for the completion; all once `isFinished`.
  var parts: [UploadedPart] { settled }

  /// The next part to find memory for; nil while one is being admitted or the window is full.
  mutating func admitNext() -> CopyPart? {
    // A save that failed does not hold the copy up: the window then counts from what was to be saved.
    let floor = isSaving ? saved : offered
    guard !isAdmitting, admitted < count, admitted - floor < limit, let part = part(admitted + 1) else { return nil }
    isAdmitting = true
    admitted += 1
    held[admitted] = Held()
    return part
  }

  /// The part has its memory, and its bytes are being fetched.
  mutating func beginFetching(_ number: Int) { if number == admitted { isAdmitting = false } }

  /// All bytes of the part are here; it can be uploaded.
  mutating func fetched(_ number: Int) { held[number]?.isFetched = true }

  /// The next part of the hash's chain; nil while another is being hashed or it is not here yet.
  mutating func hashNext() -> Int? {
    guard !isHashing, held[hashed + 1]?.isFetched == true else { return nil }
    isHashing = true
    return hashed + 1
  }

  /// The part is in the hash; whether it is done with, so that its bytes can be let go.
  mutating func hashed(_ number: Int, _ hasher: ContentHasher) -> Bool {
    guard isHashing, number == hashed + 1 else { return false }
    isHashing = false
    hashed = number
    self.hasher = hasher
    held[number]?.hasher = hasher
    return settle(number)
  }

  /// The store has confirmed the part; whether it is done with, so that its bytes can be let go.
  mutating func confirmed(_ part: UploadedPart) -> Bool {
    held[part.number]?.confirmed = part
    return settle(part.number)
  }

  /// What can be made durable now; nil where there is nothing new or a save is under way.
  mutating func saveNext() -> SavePoint? {
    guard !isSaving, settled.count > offered else { return nil }
    isSaving = true
    offered = settled.count
    return SavePoint(parts: Array(settled[saved...]), hasher: settledHasher)
  }

  /// The save under way has ended; one that failed is made up for by the next.
  mutating func endSave(succeeded: Bool) {
    isSaving = false
    if succeeded { saved = offered }
  }

  private func part(_ number: Int) -> CopyPart? {
    guard (1...count).contains(number) else { return nil }
    let first = Int64(number - 1) * partBytes
    return ByteRange(first: first, last: min(totalBytes - first, partBytes) + first - 1)
      .map { CopyPart(number: number, range: $0) }
  }

  private mutating func settle(_ number: Int) -> Bool {
    guard let part = held[number], part.hasher != nil, part.confirmed != nil else { return false }
    while let next = held[settled.count + 1], let hasher = next.hasher, let part = next.confirmed {
      held[part.number] = nil
      settled.append(part)
      settledHasher = hasher
    }
    return true
  }
}
