package import SharedModel
package import SharedQueue

/// An image that has just become readable in full at a location: what an event tells.
package struct ImageReadable: Sendable, Hashable {
  package let repository: RepositoryName
  package let digest: Digest
  /// The tags that point to it at this moment, the first hundred.
  package let tags: [TagName]
  package let location: LocationID
  /// When its manifest was pushed, in milliseconds since the epoch by the database's clock.
  package let pushedAtMs: Int64
  /// When the last of its blobs had arrived; never before the push.
  package let readableAtMs: Int64

  /// Describes an arrival.
  package init(
    repository: RepositoryName, digest: Digest, tags: [TagName], location: LocationID, pushedAtMs: Int64,
    readableAtMs: Int64
  ) {
    self.repository = repository
    self.digest = digest
    self.tags = tags
    self.location = location
    self.pushedAtMs = pushedAtMs
    self.readableAtMs = readableAtMs
  }

  /// From the push to the moment the image could be read, in milliseconds.
  package var lagMs: Int64 { readableAtMs - pushedAtMs }
}

/// Which awaited arrivals are looked at.
package enum ArrivalCandidates: Sendable, Hashable {
  /// In the order they were pushed, after a manifest's number; nil from the beginning.
  case after(Int64?)
  /// The newest.
  case newest
  /// Of images, and indexes over them, that refer to one of these blobs; the newest where there are many.
  case touching([BlobID])
}

/// What a look at awaited arrivals came to.
package struct ArrivalsFound: Sendable, Hashable {
  /// How many were looked at.
  package let looked: Int
  /// The number of the last manifest looked at; nil where none was.
  package let last: Int64?
  /// Those that have arrived, with their events on record.
  package let arrived: [ImageReadable]

  /// Describes what was found.
  package init(looked: Int, last: Int64?, arrived: [ImageReadable]) {
    self.looked = looked
    self.last = last
    self.arrived = arrived
  }
}
