import Shared
import Synchronization

/// Where this process may not write: nowhere while the registry is read-only, and not at locations that are (G18).
final class WriteModes: Sendable {
  /// Whether `REGISTRY_STATE` is readonly.
  let isRegistryReadOnly: Bool
  private let locations = Mutex<Set<LocationID>>([])

  /// Knows of no location until told.
  init(isReadOnly: Bool) { isRegistryReadOnly = isReadOnly }

  /// Whether nothing may be written at the location.
  var isReadOnly: @Sendable (LocationID) -> Bool {
    { [self] location in isRegistryReadOnly || locations.withLock { $0.contains(location) } }
  }

  /// Takes over what the catalog says.
  func update(_ states: [(LocationID, LocationState)]) {
    let readOnly = Set(states.filter { $0.1 == .readOnly }.map(\.0))
    locations.withLock { $0 = readOnly }
  }
}
