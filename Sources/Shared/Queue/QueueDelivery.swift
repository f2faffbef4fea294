package import SharedModel

/// A job number as the queue handed it to this consumer, to be acknowledged once its fate is in the database.
package struct QueueDelivery: Sendable, Hashable {
  package let id: JobID
  package let target: LocationID
  package let lane: Lane
  /// The queue's own name of the message; opaque.
  package let receipt: String

  /// Describes a delivery.
  package init(id: JobID, target: LocationID, lane: Lane, receipt: String) {
    self.id = id
    self.target = target
    self.lane = lane
    self.receipt = receipt
  }
}
