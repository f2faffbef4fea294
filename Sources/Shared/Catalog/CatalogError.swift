/// Why the catalog did not do what it was asked to.
///
/// No case carries a connection string, a parameter or a secret.
package enum CatalogError: Error, Sendable, Equatable {
  /// The database cannot be reached, is starting, or did not answer in time; nothing was changed.
  case unavailable(detail: String, retryAfter: Duration?)
  /// The database takes no writes at the moment (a standby, or read-only by command).
  case readOnly
  /// What the caller relied on is not so (any more); repeating the call does not help.
  case conflict(Conflict)
  /// The commit was sent and its fate is unknown: answer 5xx, never success (I8); repeating the call is safe.
  case outcomeUnknown
  /// A bound was reached: waiting calls, connections, disk space.
  case limitExceeded(detail: String)
  /// Concurrent transactions got in each other's way and the retries are used up; nothing was changed.
  case contended
  /// A stored value is not one of the model's.
  case invalidRow(detail: String)
  /// A parameter cannot be stored as it is, for example a text with a NUL in it.
  case invalidParameter(detail: String)
  /// The database refused the statement for another reason: a defect of this program or of the schema.
  case refused(code: String, detail: String)
  /// The schema is of a newer version than this program knows; a newer program has to run (D10).
  case schemaTooNew(found: Int, known: Int)
  /// The schema is older than this program needs; the migrations have to be applied first.
  case schemaTooOld(found: Int, known: Int)
  /// A migration was applied with another text than this program has for it: one of the two was changed afterwards.
  case migrationDiffers(version: Int, name: String)
  /// The calling task was cancelled.
  case cancelled
  /// The catalog was closed.
  case closed

  /// What a caller relied on in vain.
  package enum Conflict: Sendable, Hashable {
    /// The upload session is gone, or its lock is held under another token.
    case uploadLockLost
    /// The identifier of a new upload session is taken.
    case uploadExists
    /// The repository was deleted meanwhile.
    case repositoryUnknown
    /// The location was never registered.
    case locationUnknown
    /// The location holds the only good copy of something (I13).
    case lastCopy
    /// The location takes no new copies: it is being emptied, read-only or removed.
    case locationClosed
    /// The object key belongs to another blob already (D2 forbids that).
    case keyInUse
    /// The same digest is on record with another size.
    case sizeDiffers
    /// A constraint not named above.
    case constraint(String)
  }

  /// Whether the same call may succeed when made again later.
  package var isRetryable: Bool {
    switch self {
    case .unavailable, .outcomeUnknown, .limitExceeded, .contended, .readOnly: true
    case .conflict, .invalidRow, .invalidParameter, .refused, .schemaTooNew, .schemaTooOld, .migrationDiffers,
      .cancelled,
      .closed:
      false
    }
  }

  /// How long a client should wait before it asks again, where that is known.
  package var retryAfter: Duration? {
    if case .unavailable(_, let retryAfter) = self { return retryAfter }
    return nil
  }
}

extension CatalogError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unavailable(let detail, _): "the database is unavailable: \(detail)"
    case .readOnly: "the database takes no writes at the moment"
    case .conflict(let conflict): "conflict: \(conflict)"
    case .outcomeUnknown: "the connection broke while the database was committing; the outcome is unknown"
    case .limitExceeded(let detail): "a limit was reached: \(detail)"
    case .contended: "concurrent transactions kept getting in each other's way"
    case .invalidRow(let detail): "a stored row could not be understood: \(detail)"
    case .invalidParameter(let detail): "a value cannot be stored: \(detail)"
    case .refused(let code, let detail): "the database refused the statement (\(code)): \(detail)"
    case .schemaTooNew(let found, let known):
      "the database schema is of version \(found), newer than the \(known) this program knows; run a newer program"
    case .schemaTooOld(let found, let known):
      "the database schema is of version \(found), older than the \(known) this program needs; apply the migrations"
    case .migrationDiffers(let version, let name):
      "the database was given another migration \(version) (\(name)) than this program has; use the program that "
        + "made the database, or a fresh database"
    case .cancelled: "cancelled"
    case .closed: "the catalog is closed"
    }
  }
}
