import Shared
import Synchronization

/// What one attempt has read so far and from where, kept up to date while it runs, so that a failed attempt can tell too.
final class CopyProgress: Sendable {
  private struct State {
    var bytesRead: Int64 = 0
    var sources: [LocationID] = []
    var resumedAtBytes: Int64 = 0
  }

  private let state = Mutex(State())

  /// All bytes read from sources, those read twice or in vain included.
  var bytesRead: Int64 { state.withLock { $0.bytesRead } }
  /// Where bytes came from last; nil where none came.
  var source: LocationID? { state.withLock { $0.sources.last } }
  /// The offset of the checkpoint the attempt went on from; 0 where it began anew.
  var resumedAtBytes: Int64 { state.withLock { $0.resumedAtBytes } }

  /// Notes bytes that came from a source.
  func read(_ bytes: Int64, from source: LocationID) {
    state.withLock { state in
      state.bytesRead += bytes
      guard state.sources.last != source else { return }
      state.sources.removeAll { $0 == source }
      state.sources.append(source)
    }
  }

  /// Notes where the attempt goes on from.
  func resumed(atBytes offset: Int64) { state.withLock { $0.resumedAtBytes = offset } }
}
