import Shared

/// What a blob whose bytes came out wrong says of the sources they came from; pure.
///
/// Bytes can be changed on the way as well as at rest, and the two must not be confused: a copy taken out of service by
/// mistake may be the last one. So only a source that was read alone and whole twice, with the same wrong result, is
/// found to hold other bytes.
struct SourceDoubts: Sendable {
  /// What to do about it.
  enum Verdict: Sendable, Hashable {
    /// Nothing is known yet: read everything again, from this source alone or, without one, from any single source.
    case readAgain(Placement?)
    /// The source holds other bytes.
    case holdsOther(Placement)
    /// Two whole reads of the source differed: the way to it, or the store itself, changes bytes.
    case isUnreliable(Placement)
  }

  private var seen: [Placement: VerificationFailure] = [:]

  /// Judges a mismatch; `source` is the one that every byte came from, or nil where there were several, or bytes of an
  /// earlier attempt.
  mutating func judge(_ failure: VerificationFailure, allFrom source: Placement?) -> Verdict {
    guard let source else { return .readAgain(nil) }
    guard let earlier = seen.updateValue(failure, forKey: source) else { return .readAgain(source) }
    return earlier == failure ? .holdsOther(source) : .isUnreliable(source)
  }
}
