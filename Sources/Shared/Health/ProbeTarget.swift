package import SharedModel

/// A part of the system that is probed on its own schedule.
package enum ProbeTarget: Sendable, Hashable {
  case database
  case redis
  /// The object store of a location.
  case storage(LocationID)

  /// The stable text used in metric labels, snapshots and details: `database`, `redis`, `storage:usstorage`.
  package var name: String {
    switch self {
    case .database: "database"
    case .redis: "redis"
    case .storage(let location): "storage:\(location)"
    }
  }
}
