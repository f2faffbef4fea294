import Foundation

/// Where a comparison stands: among the objects, or among the open uploads.
enum DriftCursor: Codable, Sendable, Hashable {
  case objects(after: String)
  case uploads(afterName: String, afterID: String)

  /// The beginning of a round.
  static let start = DriftCursor.objects(after: "")

  /// Reads what `text` wrote; nil for anything else, and the round then begins anew.
  init?(text: String) {
    // What another version wrote cannot be read; beginning again costs a listing and loses nothing.
    guard let cursor = try? JSONDecoder().decode(DriftCursor.self, from: Data(text.utf8)) else { return nil }
    self = cursor
  }

  /// The form kept in the sweep's row.
  func text() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
}
