package import SharedModel

/// What waits to be deleted at one location.
package struct DeletionBacklog: Sendable, Hashable {
  package let location: LocationID
  /// All objects and multipart uploads on record.
  package let waiting: Int
  /// Those whose time has come.
  package let due: Int
  /// Those that were tried and could not be deleted.
  package let failing: Int
  /// How long ago the oldest was put on record.
  package let oldestAgeMs: Int64
  /// Why one of the failing ones could not be deleted; nil where none fails.
  package let lastError: String?

  /// States a backlog.
  package init(
    location: LocationID, waiting: Int, due: Int, failing: Int, oldestAgeMs: Int64, lastError: String?
  ) {
    self.location = location
    self.waiting = waiting
    self.due = due
    self.failing = failing
    self.oldestAgeMs = oldestAgeMs
    self.lastError = lastError
  }
}
