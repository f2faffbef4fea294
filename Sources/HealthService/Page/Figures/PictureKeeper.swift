import Synchronization

/// Keeps the last picture of replication, and since when there has been no newer one.
final class PictureKeeper: Sendable {
  private struct State {
    var picture: ReplicationPicture?
    var isFailing = false
    var revision: UInt64 = 0
  }

  private let state = Mutex(State())

  /// Has no picture yet.
  init() {}

  /// Takes a new picture.
  func keep(_ picture: ReplicationPicture) {
    state.withLock { state in
      state.picture = picture
      state.isFailing = false
      state.revision &+= 1
    }
  }

  /// Takes note that the database did not answer; the last picture stands. Returns whether it did the time before.
  func failed() -> Bool {
    state.withLock { state in
      let answered = !state.isFailing
      state.isFailing = true
      state.revision &+= 1
      return answered
    }
  }

  /// The last picture, whether the database has answered since it was asked last, and a number that grows with both.
  var current: (picture: ReplicationPicture?, isFailing: Bool, revision: UInt64) {
    state.withLock { ($0.picture, $0.isFailing, $0.revision) }
  }
}
