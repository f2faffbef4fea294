/// What a location is used for (G11).
package enum LocationState: String, Sendable, Hashable, CaseIterable {
  /// Being filled; not yet required for anything.
  case joining
  case active
  /// Being emptied; read from, not written to.
  case draining
  case readOnly = "read-only"
  /// Gone; its row stays so that its name is not taken for another store by mistake.
  case removed
}
