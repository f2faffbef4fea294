package import SharedModel

/// A part of the system that is probed on its own schedule.
package enum ProbeTarget: Sendable, Hashable {
  /// The region's own API: a canary image is pulled through it.
  case api
  case database
  /// How far the region's read replica is behind.
  case replicaLag
  case redis
  /// The object store of a location.
  case storage(LocationID)
  /// What of this region's location is still to be copied.
  case replication
  /// The free space of the disks this region's processes write to.
  case disk
  /// The expiry of the certificates this region's listeners show.
  case certificate
  /// How far this region's clocks are from everybody else's.
  case clock

  /// The stable text used in metric labels, snapshots and details: `database`, `redis`, `storage:usstorage`.
  package var name: String {
    switch self {
    case .api: "api"
    case .database: "database"
    case .replicaLag: "database.replica_lag"
    case .redis: "redis"
    case .storage(let location): "storage:\(location)"
    case .replication: "replication"
    case .disk: "disk"
    case .certificate: "certificate"
    case .clock: "clock"
    }
  }

  /// The class of a component seen from a region whose home location is `home`.
  ///
  /// A name that this program does not know, of a newer one, is informative (I14).
  package static func dependencyClass(of component: String, home: LocationID) -> DependencyClass {
    switch component {
    case "api", "disk", "certificate", "clock": .regional
    case "database", "redis": .shared
    case storage(home).name: .regional
    default: component.hasPrefix("storage:") ? .remote : .informative
    }
  }
}
