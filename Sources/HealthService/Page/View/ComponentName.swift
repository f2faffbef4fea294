/// The names of components as people know them.
enum ComponentName {
  private static let known = [
    ("database", "Database"), ("database.replica_lag", "Database replica"), ("redis", "Redis"),
    ("api", "API (pull of a canary image)"), ("replication", "Replication to here"), ("disk", "Disk"),
    ("certificate", "Certificates"), ("clock", "Clock"),
  ]
  private static let store = "storage:"

  /// `storage:usstorage` is the store of usstorage; what is not known here keeps its name.
  static func label(_ component: String) -> String {
    if component.hasPrefix(store) { return "Store \(component.dropFirst(store.count))" }
    return known.first { $0.0 == component }?.1 ?? component
  }

  /// The order of rows: stores first, then what all regions stand on, then the region's own.
  static func rank(_ component: String) -> Int {
    if component.hasPrefix(store) { return 0 }
    return known.firstIndex { $0.0 == component }.map { $0 + 1 } ?? known.count + 1
  }
}
