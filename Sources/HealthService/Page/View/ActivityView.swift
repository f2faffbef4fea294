import Shared

/// A copy under way as the page shows it.
struct CopyView: Sendable {
  let target: String
  let size: String
  /// How many per cent of it are there; nil where it is copied in one piece.
  let share: String?
  let lane: String
  let age: String
  /// `2nd try`, where it is not the first.
  let again: String?
  let blob: String
  let worker: String

  /// Describes a copy; names of blobs and workers are only shown to those who may see details.
  init(_ copy: CopyUnderWay) {
    target = copy.target.description
    size = PlainWords.size(copy.sizeBytes)
    share = copy.doneBytes.map { "\(copy.sizeBytes > 0 ? min(100, $0 / max(1, copy.sizeBytes / 100)) : 0)" }
    lane = copy.lane.rawValue
    age = PlainWords.ago(milliseconds: copy.ageMs)
    again = copy.attempts > 0 ? "try \(copy.attempts + 1)" : nil
    blob = ShortDigest.text(copy.digest)
    worker = copy.worker
  }
}

/// A failed attempt as the page shows it.
struct FailureView: Sendable {
  let age: String
  let source: String
  let target: String
  let size: String
  let outcome: String
  let badge: Badge
  let blob: String
  let why: String

  /// Describes an attempt.
  init(_ attempt: FailedAttempt) {
    age = PlainWords.ago(milliseconds: attempt.ageMs)
    source = attempt.source?.description ?? "no source"
    target = attempt.target.description
    size = PlainWords.size(attempt.sizeBytes)
    outcome =
      switch attempt.outcome {
      case .failed: "failed"
      case .parked: "parked"
      case .sourceLost: "source lost"
      case .rescued: "worker fell silent"
      case .placed, .alreadyPlaced: "copied"
      }
    badge =
      switch attempt.state {
      case .done: Badge(.pass, "Copied since")
      case .queued, .leased: Badge(.warn, "Tried again")
      case .parked: Badge(.fail, "Parked")
      case .sourceLost: Badge(.fail, "Source lost")
      }
    blob = ShortDigest.text(attempt.digest)
    why = attempt.error ?? (attempt.outcome == .rescued ? "\(attempt.worker) went silent" : "no reason was given")
  }
}

/// Enough of a digest to find it by.
private enum ShortDigest {
  static func text(_ digest: Digest) -> String { "\(digest.algorithm.rawValue):\(digest.hex.prefix(16))…" }
}
