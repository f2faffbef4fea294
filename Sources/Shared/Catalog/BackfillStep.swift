package import SharedModel
package import SharedQueue

/// What one step of a walk over the blobs has found and done.
package struct BackfillStep: Sendable, Hashable {
  /// The blobs looked at.
  package let scanned: Int
  /// Where the next step begins; nil where there are no more blobs.
  package let next: BlobID?
  package let gap: ReplicationGap
  /// The jobs this step has opened.
  package let opened: Int
  /// Some of those, enough to wake the workers.
  package let announcements: [JobAnnouncement]
  /// The copies a listing asked for: those opened, or those missing where nothing was to be opened.
  package let listed: [MissingCopy]
}

/// A blob that is not where it must be.
package struct MissingCopy: Sendable, Hashable {
  package let digest: Digest
  package let location: LocationID

  /// Names a copy.
  package init(digest: Digest, location: LocationID) {
    self.digest = digest
    self.location = location
  }
}

/// How much is not where it must be, and what is being done about it.
///
/// Counted are pairs of a blob that some repository links and a location where one of those repositories' namespaces
/// requires it, without a verified copy there.
package struct ReplicationGap: Sendable, Hashable {
  /// All such pairs, whatever is being done about them.
  package var missing: Int64 = 0
  package var missingBytes: Int64 = 0
  /// Those of the missing with a job that waits for a worker or is being copied.
  package var inFlight: Int64 = 0
  /// Those of the missing whose job has failed too often and waits for a person.
  package var parked: Int64 = 0
  /// Those of the missing of which no intact copy is left anywhere.
  package var sourceLost: Int64 = 0

  /// No gap.
  package init() {}

  /// Whether everything is where it must be.
  package var isComplete: Bool { missing == 0 }

  /// Whether a person has to do something.
  package var isStuck: Bool { parked > 0 || sourceLost > 0 }

  /// Takes the counts of another part of the blobs in.
  package mutating func add(_ other: ReplicationGap) {
    missing += other.missing
    missingBytes &+= other.missingBytes
    inFlight += other.inFlight
    parked += other.parked
    sourceLost += other.sourceLost
  }

  /// Takes in `count` missing copies whose job is in `state`; nil where there is none that counts.
  mutating func add(_ count: Int64, bytes: Int64, in state: JobState?) {
    missing += count
    missingBytes &+= bytes
    switch state {
    case .queued, .leased: inFlight += count
    case .parked: parked += count
    case .sourceLost: sourceLost += count
    case .done, nil: break
    }
  }
}
