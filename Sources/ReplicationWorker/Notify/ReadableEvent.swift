import Foundation
import Shared

/// The event "an image has become readable at a location", as receivers get it; the names are a contract.
struct ReadableEvent: Encodable, Sendable {
  /// The `event` member, and the `Meridian-Event` header.
  static let name = "image.readable"

  /// The same for every attempt and every receiver to recognise repetitions by.
  let id: String
  let image: ImageReadable
  /// The region whose home the location is, where the configuration says so.
  let region: RegionName?

  enum CodingKeys: String, CodingKey {
    case event, id, repository, digest, tags, location, region
    case readableAt = "readable_at"
    case lagMs = "lag_ms"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.name, forKey: .event)
    try container.encode(id, forKey: .id)
    try container.encode(image.repository.description, forKey: .repository)
    try container.encode(image.digest.description, forKey: .digest)
    try container.encode(image.tags.map(\.description), forKey: .tags)
    try container.encode(image.location.description, forKey: .location)
    try container.encode(region?.description, forKey: .region)
    try container.encode(LogTime(milliseconds: image.readableAtMs).description, forKey: .readableAt)
    try container.encode(image.lagMs, forKey: .lagMs)
  }

  /// The body, its members in the order of their names.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

/// What is read back of an event when it is sent.
struct EventIdentity: Decodable {
  let event: String
  let id: String

  /// Reads the two members of a stored body.
  init(body: String) throws { self = try JSONDecoder().decode(EventIdentity.self, from: Data(body.utf8)) }
}
