/// How thoroughly a copy is looked at.
package enum VerificationDepth: String, Sendable, Hashable, CaseIterable {
  /// The store says that the object is there and of its size.
  case presence
  /// The bytes are read and hashed.
  case content
}
