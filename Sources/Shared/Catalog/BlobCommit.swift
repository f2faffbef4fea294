package import SharedModel
package import SharedQueue

/// What a push asks to be made durable once the store has confirmed the object and its size.
package struct BlobCommit: Sendable, Hashable {
  /// The session the bytes came through, and the token of its lock.
  package struct Upload: Sendable, Hashable {
    package let id: UploadID
    package let token: RandomIdentifier

    /// Names a locked session.
    package init(id: UploadID, token: RandomIdentifier) {
      self.id = id
      self.token = token
    }
  }

  package let repository: RepositoryID
  package let digest: Digest
  package let sizeBytes: Int64
  package let location: LocationID
  package let key: ObjectKey
  /// Nil for a push that never had a session.
  package let upload: Upload?
  /// Where a copy must be unless the namespace says otherwise (G9); the location itself may be among them.
  package let defaultLocations: [LocationID]
  /// How long garbage collection keeps away from a blob no manifest refers to yet (I7).
  package let linkLease: Duration
  package let lane: Lane

  /// Describes a commit.
  package init(
    repository: RepositoryID, digest: Digest, sizeBytes: Int64, location: LocationID, key: ObjectKey,
    upload: Upload? = nil, defaultLocations: [LocationID] = [], linkLease: Duration = .seconds(86_400),
    lane: Lane = .normal
  ) {
    self.repository = repository
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.location = location
    self.key = key
    self.upload = upload
    self.defaultLocations = defaultLocations
    self.linkLease = linkLease
    self.lane = lane
  }
}

/// What a commit has made durable.
package struct CommittedBlob: Sendable, Hashable {
  package let blob: BlobID
  /// The jobs to be announced, after the answer if need be.
  package let jobs: [JobAnnouncement]
  /// The pushed object where a verified copy was there already: surplus, to be deleted. It is on record as an object
  /// deletion, so a deletion that fails leaks nothing.
  package let supersededKey: ObjectKey?

  /// Describes a commit's result.
  package init(blob: BlobID, jobs: [JobAnnouncement], supersededKey: ObjectKey?) {
    self.blob = blob
    self.jobs = jobs
    self.supersededKey = supersededKey
  }
}
