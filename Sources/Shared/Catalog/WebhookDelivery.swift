/// An event that a receiver has not taken yet.
package struct WebhookDelivery: Sendable, Hashable {
  /// An event about to be put on record.
  package struct Draft: Sendable, Hashable {
    /// The receiver's name in the configuration.
    package let receiver: String
    /// The body, as it will be sent.
    package let event: String

    /// Addresses an event.
    package init(receiver: String, event: String) {
      self.receiver = receiver
      self.event = event
    }
  }

  package let id: Int64
  package let receiver: String
  package let event: String
  /// Attempts made, this one included.
  package let attempts: Int
  /// How long ago it was put on record, by the database's clock.
  package let ageMs: Int64
  /// Why the last attempt failed; nil before the first.
  package let lastError: String?

  /// Describes a delivery.
  package init(id: Int64, receiver: String, event: String, attempts: Int, ageMs: Int64, lastError: String?) {
    self.id = id
    self.receiver = receiver
    self.event = event
    self.attempts = attempts
    self.ageMs = ageMs
    self.lastError = lastError
  }
}
