import SharedQueue

/// A key the catalog says is taken at a location, for the comparison with what its store lists.
package struct PlacedKey: Sendable, Hashable {
  package let copy: PlacedBlob
  /// Whether the copy is out of service already: whatever is there, or not, is known to be wrong.
  package var isQuarantined: Bool { copy.placement.state == .quarantined }

  /// Describes a taken key.
  package init(copy: PlacedBlob) { self.copy = copy }
}
