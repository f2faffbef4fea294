package import SharedModel

/// An object, or an unfinished multipart upload, that nothing refers to any more and that is still to be deleted.
package struct ObjectDeletion: Sendable, Hashable {
  package let id: Int64
  package let location: LocationID
  package let key: ObjectKey
  /// The store's name of the multipart upload to be aborted; nil for an object.
  package let multipartID: String?
  package let reason: String

  /// Describes a deletion.
  package init(id: Int64, location: LocationID, key: ObjectKey, multipartID: String?, reason: String) {
    self.id = id
    self.location = location
    self.key = key
    self.multipartID = multipartID
    self.reason = reason
  }
}
