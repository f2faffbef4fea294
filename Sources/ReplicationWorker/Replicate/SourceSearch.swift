import Shared

/// Which sources the next transfer of an attempt may read from, and what the earlier ones have shown; pure.
///
/// The first transfer may mix all of them. After a mismatch each is read alone, so that it is known whose bytes are
/// wrong. Every source is taken at most three times, so the search ends.
struct SourceSearch: Sendable {
  private var remaining: [Placement]
  private var alone: Placement?
  private var mustBeAlone = false
  private var doubts = SourceDoubts()
  /// Sources found to lack the bytes.
  private(set) var rejected: [CopyFailure.RejectedSource] = []
  /// The last failure that may pass; nil where there was none.
  private(set) var lastError: StorageError?

  /// Starts with the usable sources in the order of preference.
  init(_ sources: [Placement]) { remaining = sources }

  /// What the next transfer may read from; nil where nothing is left to try.
  var next: [Placement]? {
    guard let first = remaining.first else { return nil }
    return mustBeAlone ? [alone ?? first] : remaining
  }

  /// Takes over what a transfer has found out about its sources.
  mutating func note(_ board: SourceBoard) {
    for source in board.rejected { reject(source) }
  }

  /// No source of the last transfer could be read; nil where none was left.
  mutating func failed(_ error: StorageError?) {
    lastError = error ?? lastError
    guard mustBeAlone, let current = next?.first else {
      // All of them were tried. Without an error each one lacks the bytes and is gone from the list.
      if error != nil { remaining = [] }
      return
    }
    if error != nil { leave(current) }
    alone = nil
  }

  /// The bytes of the last transfer were wrong; `source` is the one they all came from, if there was only one.
  mutating func mismatched(_ failure: VerificationFailure, allFrom source: Placement?) {
    mustBeAlone = true
    switch doubts.judge(failure, allFrom: source) {
    case .readAgain(let source): alone = source
    case .holdsOther(let source):
      reject(.init(placement: source, reason: failure.description, isHearsay: true))
    case .isUnreliable(let source):
      lastError = .invalidResponse(detail: "two reads of the same object gave different bytes")
      leave(source)
    }
  }

  private mutating func reject(_ source: CopyFailure.RejectedSource) {
    if !rejected.contains(where: { $0.placement == source.placement }) { rejected.append(source) }
    leave(source.placement)
  }

  private mutating func leave(_ source: Placement) {
    remaining.removeAll { $0 == source }
    if alone == source { alone = nil }
  }
}
