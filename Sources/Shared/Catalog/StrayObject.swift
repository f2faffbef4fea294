package import SharedModel

/// Something in a store that nothing seems to refer to.
package struct StrayObject: Sendable, Hashable {
  package let key: ObjectKey
  /// The store's name of an open multipart upload; nil for an object.
  package let multipartID: String?

  /// Names an object or an upload.
  package init(key: ObjectKey, multipartID: String? = nil) {
    self.key = key
    self.multipartID = multipartID
  }
}
