package import SharedModel

/// A claimed job: the durable intent to have one blob at one location, held by one worker for the length of a lease.
package struct ReplicationJob: Sendable, Hashable {
  package let id: JobID
  package let blob: BlobID
  package let digest: Digest
  package let sizeBytes: Int64
  package let target: LocationID
  package let lane: Lane
  /// Whose push asked for the copy first; empty where that is nobody in particular.
  package let namespace: String
  /// The number of this attempt, from 1; failures count, releases and lost leases do not.
  package let attempt: Int
  /// How often the job was taken over from a worker that went silent; a job that kills workers has many.
  package let rescues: Int
  /// What every report on the job must show; a later claim replaces it (I9).
  package let leaseToken: RandomIdentifier
  /// Milliseconds since the epoch by the database's clock.
  package let createdAtMs: Int64
  /// The blob's verified placements at the moment of the claim, ordered by location.
  package let sources: [Placement]

  /// Describes a claimed job.
  package init(
    id: JobID, blob: BlobID, digest: Digest, sizeBytes: Int64, target: LocationID, lane: Lane,
    namespace: String = "", attempt: Int, rescues: Int = 0, leaseToken: RandomIdentifier, createdAtMs: Int64,
    sources: [Placement] = []
  ) {
    self.id = id
    self.blob = blob
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.target = target
    self.lane = lane
    self.namespace = namespace
    self.attempt = attempt
    self.rescues = rescues
    self.leaseToken = leaseToken
    self.createdAtMs = createdAtMs
    self.sources = sources
  }

  /// The placement the job asks for where it exists already: the job is then completed with that key and no copy made.
  package var placementAtTarget: Placement? { sources.first { $0.location == target } }
}
