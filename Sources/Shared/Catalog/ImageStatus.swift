package import SharedModel
package import SharedQueue

/// How far one image, a manifest with all it refers to, has come (G12).
package struct ImageStatus: Sendable, Hashable {
  package let digest: Digest
  package let mediaType: String
  /// When the manifest was pushed, in milliseconds since the epoch, as all times here.
  package let pushedAtMs: Int64
  /// The manifest and those below it.
  package let manifests: Int64
  /// The tags that point to it now, the first hundred.
  package let tags: [TagName]
  package let status: ScopeStatus
  /// When it became readable in full, by location; ordered by location.
  package let arrivals: [ImageArrival]

  /// Describes an image's status.
  package init(
    digest: Digest, mediaType: String, pushedAtMs: Int64, manifests: Int64, tags: [TagName], status: ScopeStatus,
    arrivals: [ImageArrival]
  ) {
    self.digest = digest
    self.mediaType = mediaType
    self.pushedAtMs = pushedAtMs
    self.manifests = manifests
    self.tags = tags
    self.status = status
    self.arrivals = arrivals
  }

  /// Whether every blob has a verified copy at `location` at this moment.
  package func isReadable(at location: LocationID) -> Bool {
    status.locations.contains { $0.location == location && $0.verified.objects == status.objects }
  }

  /// When it became readable at `location`; nil where it is not readable, or was so before anybody took notes.
  package func readableSinceMs(at location: LocationID) -> Int64? {
    guard isReadable(at: location) else { return nil }
    return arrivals.first { $0.location == location }?.readableAtMs
  }
}

/// When an image became readable in full at a location.
package struct ImageArrival: Sendable, Hashable {
  package let location: LocationID
  /// Milliseconds since the epoch; nil while it is awaited.
  package let readableAtMs: Int64?

  /// Describes an arrival.
  package init(location: LocationID, readableAtMs: Int64?) {
    self.location = location
    self.readableAtMs = readableAtMs
  }
}

/// A tag with what it points to and where that can be read.
package struct TaggedImage: Sendable, Hashable {
  package let tag: TagName
  package let digest: Digest
  package let mediaType: String
  package let updatedAtMs: Int64
  package let arrivals: [ImageArrival]

  /// Describes a tag.
  package init(tag: TagName, digest: Digest, mediaType: String, updatedAtMs: Int64, arrivals: [ImageArrival]) {
    self.tag = tag
    self.digest = digest
    self.mediaType = mediaType
    self.updatedAtMs = updatedAtMs
    self.arrivals = arrivals
  }
}

/// One blob of a scope and where it is.
package struct BlobCopies: Sendable, Hashable {
  /// What is known of the blob at one location.
  package struct Copy: Sendable, Hashable {
    package let location: LocationID
    /// Nil where there is no copy.
    package let state: Placement.State?
    /// When its bytes were last hashed, in milliseconds since the epoch.
    package let verifiedAtMs: Int64?
    /// Why it is quarantined.
    package let reason: String?
    /// The job that asks for it, while it is not done.
    package let job: JobRecord?

    /// Describes a copy, or its absence.
    package init(
      location: LocationID, state: Placement.State?, verifiedAtMs: Int64?, reason: String?, job: JobRecord?
    ) {
      self.location = location
      self.state = state
      self.verifiedAtMs = verifiedAtMs
      self.reason = reason
      self.job = job
    }
  }

  package let digest: Digest
  package let sizeBytes: Int64
  /// Every location in use, ordered by id.
  package let copies: [Copy]

  /// Describes a blob.
  package init(digest: Digest, sizeBytes: Int64, copies: [Copy]) {
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.copies = copies
  }
}
