/// What a location is used for (G11).
package enum LocationState: String, Sendable, Hashable, CaseIterable {
  /// Being filled: takes new copies and serves those it has, but lacks some of what it must have.
  case joining
  case active
  /// Being emptied; read from, not written to.
  case draining
  case readOnly = "read-only"
  /// Gone; its row stays so that its name is not taken for another store by mistake.
  case removed

  /// Whether pushes and copies may be written to it.
  package var takesCopies: Bool {
    switch self {
    case .joining, .active: true
    case .draining, .readOnly, .removed: false
    }
  }
}
