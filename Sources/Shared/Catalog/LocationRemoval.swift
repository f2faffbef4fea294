package import SharedModel

/// What the removal of a location takes away, or would take away.
package struct LocationRemoval: Sendable, Hashable {
  /// Placements there, good and quarantined.
  package var placements: Int64 = 0
  package var bytes: Int64 = 0
  /// Jobs that copy to it, done ones too.
  package var jobs: Int64 = 0
  /// Uploads that write to it.
  package var uploads: Int64 = 0

  /// Nothing.
  package init() {}
}

/// One placement a removal has deleted.
package struct RemovedPlacement: Sendable, Hashable {
  package let digest: Digest
  package let key: ObjectKey

  /// Names a placement of before.
  package init(digest: Digest, key: ObjectKey) {
    self.digest = digest
    self.key = key
  }
}

/// How a removal ended.
package enum LocationRemovalOutcome: Sendable, Hashable {
  case removed(LocationRemoval)
  /// It holds the only good copy of something (I13); nothing was changed.
  case lastCopies
  /// These namespaces with repositories ask for it, the first of them by name; nothing was changed.
  case required(by: [String])
  /// It is still in use, or gone already: it has to be draining or read-only; nothing was changed.
  case wrongState(LocationState)
  /// The location was never registered.
  case unknown
}
