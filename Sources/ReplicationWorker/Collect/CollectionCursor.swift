import Shared

/// Where a round of collection stands: its passes in order, and the place in each.
enum CollectionCursor: Sendable, Hashable {
  case untagged(after: Int64)
  case links(after: LinkPosition)
  case blobs(after: BlobID)

  /// The beginning of a round.
  static let start = CollectionCursor.untagged(after: 0)

  /// Reads what `description` wrote; nil for anything else, and the round then begins anew.
  init?(_ text: String) {
    let fields = text.split(separator: " ", omittingEmptySubsequences: false)
    let numbers = fields.dropFirst().compactMap { Int64($0) }
    guard let kind = fields.first, numbers.count == fields.count - 1 else { return nil }
    switch (kind, numbers.count) {
    case ("untagged", 1): self = .untagged(after: numbers[0])
    case ("links", 2):
      self = .links(
        after: LinkPosition(repository: RepositoryID(rawValue: numbers[0]), blob: BlobID(rawValue: numbers[1])))
    case ("blobs", 1): self = .blobs(after: BlobID(rawValue: numbers[0]))
    default: return nil
    }
  }
}

extension CollectionCursor: CustomStringConvertible {
  var description: String {
    switch self {
    case .untagged(let after): "untagged \(after)"
    case .links(let after): "links \(after.repository.rawValue) \(after.blob.rawValue)"
    case .blobs(let after): "blobs \(after.rawValue)"
    }
  }
}
