private import Synchronization

/// Where pages of a listing ended, and the service's own name for that place.
///
/// The Blob service begins a listing at its start or at a marker it has given out, never at a name. The markers given out
/// last are kept here, so that whoever goes on after the last name of a page needs one request; after any other name the
/// nearest place before it is gone on from. Bounded; nothing but speed is lost with it.
final class ListPositions: Sendable {
  private static let capacity = 256

  private struct Position {
    let prefix: String
    let name: String
    let marker: String
  }

  private let positions = Mutex<[Position]>([])

  /// Notes that the page of `prefix` that ends with `name` is followed by the one at `marker`.
  func note(_ marker: String, after name: String, prefix: String) {
    positions.withLock { positions in
      positions.removeAll { $0.prefix == prefix && $0.name == name }
      if positions.count >= Self.capacity { positions.removeFirst() }
      positions.append(Position(prefix: prefix, name: name, marker: marker))
    }
  }

  /// The place nearest to `name` among those that do not follow it; nil for the beginning.
  func nearest(to name: String, prefix: String) -> (marker: String, isExact: Bool)? {
    positions.withLock { positions in
      var best: Position?
      for position in positions where position.prefix == prefix && !name.precedes(position.name) {
        if let best, !best.name.precedes(position.name) { continue }
        best = position
      }
      return best.map { ($0.marker, $0.name == name) }
    }
  }

  /// Drops every place, for when the service refuses one.
  func forget() { positions.withLock { $0 = [] } }
}

extension String {
  /// Whether this comes before the other bytewise.
  fileprivate func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
