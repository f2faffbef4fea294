package import SharedModel

/// What is announced of a committed job: its number and the stream it belongs to.
package struct JobAnnouncement: Sendable, Hashable {
  package let id: JobID
  package let target: LocationID
  package let lane: Lane

  /// Names a job and its stream.
  package init(id: JobID, target: LocationID, lane: Lane) {
    self.id = id
    self.target = target
    self.lane = lane
  }
}
