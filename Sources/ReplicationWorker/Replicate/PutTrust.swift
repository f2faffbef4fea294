import Shared
import Synchronization

/// Which acknowledged PUTs of small blobs a target is asked about again (decision 0010).
///
/// Every one at first, a sample once the target has kept `proving` of them in a row. After one it did not keep, every
/// one again, and those that were taken on trust before it are to be looked at.
final class PutTrust: Sendable {
  /// The measure.
  struct Limits: Sendable, Hashable {
    /// How many in a row the target must have kept before only a sample is looked at.
    var proving = 64
    /// Of how many one is looked at then.
    var sample = 8
    /// How many PUTs taken on trust are remembered at most, the newest.
    var remembered = 512
  }

  private struct State {
    var kept = 0
    var sinceLook = 0
    /// Acknowledged and not looked at.
    var unseen: [PlacedBlob] = []
    var doubtful: [PlacedBlob] = []
  }

  private let limits: Limits
  private let state = Mutex(State())

  /// Trusts nothing yet.
  init(limits: Limits = Limits()) { self.limits = limits }

  /// Whether the target is to be asked for this object; where not, it is remembered as taken on trust.
  func mustLook(at object: PlacedBlob) -> Bool {
    state.withLock { state in
      guard state.kept >= limits.proving else { return true }
      state.sinceLook += 1
      if state.sinceLook >= limits.sample {
        state.sinceLook = 0
        return true
      }
      state.unseen.append(object)
      if state.unseen.count > limits.remembered { state.unseen.removeFirst(limits.remembered / 4) }
      return false
    }
  }

  /// An object was looked at and is there, with its size.
  func kept() { state.withLock { $0.kept += 1 } }

  /// An object that was acknowledged is not there, or is another.
  func broken() {
    state.withLock { state in
      state.kept = 0
      state.sinceLook = 0
      state.doubtful += state.unseen
      state.unseen = []
    }
  }

  /// What has been taken on trust by a target that has broken it since; each is given out once.
  func takeDoubtful() -> [PlacedBlob] {
    state.withLock { state in
      defer { state.doubtful = [] }
      return state.doubtful
    }
  }
}
