package import SharedModel

/// One page of what a store holds under its storage path.
package struct ObjectListing: Sendable, Hashable {
  /// In strictly ascending bytewise order of their names.
  package let objects: [ListedObject]
  /// Whether objects follow after the last of these.
  package let isTruncated: Bool
  /// The store's clock when it answered, in milliseconds since the epoch; ages are measured against it.
  package let asOfMs: Int64

  /// Describes a page.
  package init(objects: [ListedObject], isTruncated: Bool, asOfMs: Int64) {
    self.objects = objects
    self.isTruncated = isTruncated
    self.asOfMs = asOfMs
  }
}

/// An object as a listing names it.
package struct ListedObject: Sendable, Hashable {
  /// The whole name in the bucket; it may be one that no key of ours can have.
  package let name: String
  package let sizeBytes: Int64
  /// Milliseconds since the epoch by the store's clock.
  package let modifiedAtMs: Int64

  /// Describes an object.
  package init(name: String, sizeBytes: Int64, modifiedAtMs: Int64) {
    self.name = name
    self.sizeBytes = sizeBytes
    self.modifiedAtMs = modifiedAtMs
  }
}

/// One page of the multipart uploads that a store has open under its storage path.
package struct MultipartListing: Sendable, Hashable {
  package let uploads: [ListedMultipart]
  /// What the next page begins after; nil at the end.
  package let next: Cursor?
  /// The store's clock when it answered, in milliseconds since the epoch.
  package let asOfMs: Int64

  /// A place between two uploads.
  package struct Cursor: Sendable, Hashable {
    package let name: String
    package let id: String

    /// Names the last upload seen.
    package init(name: String, id: String) {
      self.name = name
      self.id = id
    }
  }

  /// Describes a page.
  package init(uploads: [ListedMultipart], next: Cursor?, asOfMs: Int64) {
    self.uploads = uploads
    self.next = next
    self.asOfMs = asOfMs
  }
}

/// An open multipart upload as a listing names it.
package struct ListedMultipart: Sendable, Hashable {
  /// The name of the object it is for.
  package let name: String
  package let id: String
  /// Milliseconds since the epoch by the store's clock.
  package let startedAtMs: Int64

  /// Describes an upload.
  package init(name: String, id: String, startedAtMs: Int64) {
    self.name = name
    self.id = id
    self.startedAtMs = startedAtMs
  }
}
