import Synchronization

/// Answers to questions that name their content by digest, kept for the time when no database can be asked; least
/// recently used first out.
///
/// Bounded in bytes (I12) and in age: what another region deletes is forgotten after `maximumAge` at the latest. Never
/// grants anything: callers have authorised the repository before they ask.
final class RecentAnswers: Sendable {
  /// A question: the statement and its parameters.
  struct Question: Hashable, Sendable {
    let sql: String
    let parameters: [SQLValue]
  }

  private struct Entry {
    let rows: [SQLRow]
    let costBytes: Int
    let answeredAt: ContinuousClock.Instant
    var lastUse: UInt64
  }

  private struct State {
    var entries: [Question: Entry] = [:]
    var costBytes = 0
    var clock: UInt64 = 0
  }

  private let capacityBytes: Int
  private let maximumAge: Duration
  private let state = Mutex(State())

  /// Keeps about `capacityBytes`; an answer larger than a hundredth of it is not kept (manifests have a cache already).
  init(capacityBytes: Int = 16 << 20, maximumAge: Duration = .seconds(3600)) {
    self.capacityBytes = capacityBytes
    self.maximumAge = maximumAge
  }

  /// What was answered, if that is not too long ago.
  func answer(to question: Question, at now: ContinuousClock.Instant) -> [SQLRow]? {
    state.withLock { state in
      state.clock += 1
      guard let index = state.entries.index(forKey: question),
        state.entries.values[index].answeredAt.duration(to: now) < maximumAge
      else { return nil }
      state.entries.values[index].lastUse = state.clock
      return state.entries.values[index].rows
    }
  }

  /// Keeps an answer.
  func keep(_ rows: [SQLRow], for question: Question, at now: ContinuousClock.Instant) {
    let costBytes = 512 + rows.reduce(0) { $0 + $1.sizeBytes } + question.parameters.count * 128
    guard costBytes <= capacityBytes / 100 else { return forget(question) }
    state.withLock { state in
      state.clock += 1
      let entry = Entry(rows: rows, costBytes: costBytes, answeredAt: now, lastUse: state.clock)
      state.costBytes += costBytes - (state.entries.updateValue(entry, forKey: question)?.costBytes ?? 0)
      if state.costBytes > capacityBytes { Self.evict(&state, to: capacityBytes / 4 * 3) }
    }
  }

  /// Forgets one answer.
  func forget(_ question: Question) {
    state.withLock { state in
      state.costBytes -= state.entries.removeValue(forKey: question)?.costBytes ?? 0
    }
  }

  /// Forgets all answers to questions that have `text` as a parameter.
  func forget(about text: String) {
    state.withLock { state in
      for (question, entry) in state.entries where question.parameters.contains(.text(text)) {
        state.entries[question] = nil
        state.costBytes -= entry.costBytes
      }
    }
  }

  /// The bytes the answers count for.
  var costBytes: Int { state.withLock { $0.costBytes } }

  /// Removes a quarter at once, so that sorting by age is paid for rarely.
  private static func evict(_ state: inout State, to targetBytes: Int) {
    for (question, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      guard state.costBytes > targetBytes else { return }
      state.entries[question] = nil
      state.costBytes -= entry.costBytes
    }
  }
}
