import Shared
import Synchronization

/// The copies one attempt may read from, and what it has learnt about them.
///
/// The order is that of preference, except that a source that failed twice in a row goes behind the others, and one
/// that lacks the bytes is not tried again.
final class SourceBoard: Sendable {
  /// Failures in a row after which a source is no longer the first choice.
  private static let patience = 2

  private struct Entry {
    let placement: Placement
    var failuresInARow = 0
    var rejection: String?
    var hasContributed = false
  }

  private let entries: Mutex<[Entry]>

  /// Starts with `placements` in the order of preference.
  init(_ placements: [Placement]) { entries = Mutex(placements.map { Entry(placement: $0) }) }

  /// What may be read from, best first.
  var candidates: [Placement] {
    entries.withLock { entries in
      let usable = entries.filter { $0.rejection == nil }
      return usable.filter { $0.failuresInARow < Self.patience }.map(\.placement)
        + usable.filter { $0.failuresInARow >= Self.patience }.map(\.placement)
    }
  }

  /// The sources that bytes came from.
  var contributors: [Placement] { entries.withLock { $0.filter(\.hasContributed).map(\.placement) } }

  /// The source that every byte came from; nil where there were none or several.
  var soleContributor: Placement? {
    let contributors = contributors
    return contributors.count == 1 ? contributors.first : nil
  }

  /// The sources found to lack the bytes, with the reason.
  var rejected: [CopyFailure.RejectedSource] {
    entries.withLock { entries in
      entries.compactMap { entry in entry.rejection.map { .init(placement: entry.placement, reason: $0) } }
    }
  }

  /// Notes that bytes came from this source.
  func succeeded(_ source: Placement) {
    change(source) { entry in
      entry.failuresInARow = 0
      entry.hasContributed = true
    }
  }

  /// Notes that reading failed for now.
  func failed(_ source: Placement) { change(source) { $0.failuresInARow += 1 } }

  /// Notes that the source lacks the bytes.
  func reject(_ source: Placement, _ reason: String) { change(source) { $0.rejection = $0.rejection ?? reason } }

  private func change(_ source: Placement, _ body: (inout Entry) -> Void) {
    entries.withLock { entries in
      guard let index = entries.firstIndex(where: { $0.placement == source }) else { return }
      body(&entries[index])
    }
  }
}
