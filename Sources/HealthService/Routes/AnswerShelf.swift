import Shared
import Synchronization

/// Holds the book of answers everybody is answered from, and renews it at most every fifth of a second.
///
/// However many ask, what is known is looked at five times a second; nothing here waits for a probe, a store, the
/// database or Redis (D7).
final class AnswerShelf: Sendable {
  private struct State {
    var book: AnswerBook?
    var isBeingRenewed = false
  }

  /// A book this old is renewed by whoever asks next.
  static let renewAfter = Duration.milliseconds(200)
  /// A book this old is not handed out, even while somebody else renews it.
  static let uselessAfter = Duration.seconds(1)

  private let read: @Sendable () -> HealthView
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  /// Takes what is known from `read`.
  init(
    now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
    read: @escaping @Sendable () -> HealthView
  ) {
    self.read = read
    self.now = now
  }

  /// The answers of now, up to a fifth of a second old.
  var book: AnswerBook {
    let now = now()
    let current: AnswerBook? = state.withLock { state in
      if let book = state.book {
        let age = now - book.madeAt
        if age < Self.renewAfter || (state.isBeingRenewed && age < Self.uselessAfter) { return book }
      }
      state.isBeingRenewed = true
      return nil
    }
    if let current { return current }
    let book = AnswerBook(view: read(), madeAt: now)
    state.withLock { state in
      if state.book.map({ $0.madeAt <= book.madeAt }) ?? true { state.book = book }
      state.isBeingRenewed = false
    }
    return book
  }
}
