package import SharedCatalog
package import SharedConfig
package import SharedModel

/// What the catalog holds against a configuration's locations when a process starts (G11).
///
/// A location that was removed while other regions' files still name it must not stop them: they are told. A region
/// that would write there has a configuration to be mended, and is told before it serves.
package struct LocationCheck: Sendable {
  /// Why the process must not start; nil where it may.
  package private(set) var refusal: String?
  /// What the operator should know.
  package private(set) var warnings: [String] = []

  /// Compares the file with what is on record.
  package init(_ configuration: Configuration, records: [LocationRecord]) {
    let states = Dictionary(records.map { ($0.id, $0.state) }) { first, _ in first }
    for location in configuration.locations.map(\.id) {
      switch states[location] {
      case .removed where location == configuration.home:
        refusal =
          "\(location) was removed from the registry and cannot be the first of DISTRIBUTED_STORAGE_PREFERENCE; a new "
          + "location needs a new name"
      case .removed:
        warnings.append(
          "\(location) was removed from the registry: nothing is read from or written to it; take it out of "
            + "DISTRIBUTED_STORAGE_CONFIG")
      case .draining, .readOnly:
        let next = configuration.preference.first { states[$0]?.takesCopies == true }
        let pushes = location == configuration.home ? "; pushes go to \(next?.description ?? "no location")" : ""
        warnings.append("\(location) is \(states[location]?.rawValue ?? "") and takes no copies\(pushes)")
      case .joining:
        warnings.append(
          "\(location) is joining: 'replication-worker add-location \(location)' fills it and makes it active")
      case .active, nil: break
      }
    }
  }
}
