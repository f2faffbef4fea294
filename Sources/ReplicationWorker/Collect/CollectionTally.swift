import Foundation

/// What a round of collection has looked at and removed; kept in the sweep's row, so its keys are stable.
struct CollectionTally: Codable, Sendable, Hashable {
  var manifests = 0
  var links = 0
  var blobs = 0
  var bytes: Int64 = 0
  var objects = 0
  var linksSeen = 0
  var blobsSeen = 0

  enum CodingKeys: String, CodingKey {
    case manifests, links, blobs, bytes, objects
    case linksSeen = "links_seen"
    case blobsSeen = "blobs_seen"
  }

  /// Whether nothing was removed.
  var isEmpty: Bool { manifests == 0 && links == 0 && blobs == 0 }

  /// Adds another round's counts.
  mutating func add(_ other: CollectionTally) {
    manifests += other.manifests
    links += other.links
    blobs += other.blobs
    bytes = bytes.addingReportingOverflow(other.bytes).partialValue
    objects += other.objects
    linksSeen += other.linksSeen
    blobsSeen += other.blobsSeen
  }

  /// Reads the counts of a round that was begun by another process; what cannot be read counts as nothing.
  init(json: String) {
    // The counts are for people: a row of another version must not stop collection.
    self = (try? JSONDecoder().decode(CollectionTally.self, from: Data(json.utf8))) ?? CollectionTally()
  }

  /// Nothing yet.
  init() {}

  /// The JSON form.
  func json() throws -> String { try jsonText() }
}
