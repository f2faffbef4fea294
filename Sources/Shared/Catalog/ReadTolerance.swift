/// How far behind the primary an answer to a read may be (decision 0008).
package enum ReadTolerance: Sendable, Hashable {
  /// Sees everything that was acknowledged; there is no answer while the primary is away.
  case none
  /// Sees everything that was acknowledged while the primary answers; a replica's view while it does not.
  case whilePrimaryIsAway
  /// The question names its content by digest, so that what was true once has not become wrong, only gone: a replica
  /// that keeps up may answer at any time, and what was answered before while nothing else can.
  case namedByDigest
}
