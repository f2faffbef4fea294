internal import Synchronization

/// Shows how far a command has come: a bar that is drawn anew on a terminal, a line every few seconds elsewhere.
///
/// Goes to standard error, so that standard output holds the results only. Rate and time left come from what was
/// counted. Cheap to call at any rate; may be called from any task.
package final class ProgressLine: Sendable {
  private struct State {
    var rate = ProgressRate()
    var done: Int64 = 0
    var total: Int64?
    var shownAt: ContinuousClock.Instant?
    var isBarShown = false
    /// What was shown last.
    var shownDone: Int64?
  }

  private let title: String
  private let unit: ProgressUnit
  private let columns: (@Sendable () -> Int)?
  private let now: @Sendable () -> ContinuousClock.Instant
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// A progress on standard error; with `isShown` false (`--json`, `--quiet`) it stays silent.
  package convenience init(_ title: String, unit: ProgressUnit, isShown: Bool = true) {
    let stream = StandardStream.error
    var columns: (@Sendable () -> Int)?
    if stream.isTerminal { columns = { stream.columns } }
    self.init(
      title, unit: unit, columns: columns, now: { ContinuousClock.now },
      write: { (text: String) in if isShown { stream.write(text) } })
  }

  /// A progress over injected time and output; `columns` is the terminal's width, nil where it is none.
  package init(
    _ title: String, unit: ProgressUnit, columns: (@Sendable () -> Int)?,
    now: @escaping @Sendable () -> ContinuousClock.Instant, write: @escaping @Sendable (String) -> Void
  ) {
    self.title = title
    self.unit = unit
    self.columns = columns
    self.now = now
    self.write = write
  }

  /// Takes note of the figures and shows them where the last ones have been seen for long enough.
  package func update(done: Int64, total: Int64?) {
    let time = now()
    state.withLock { state in
      state.done = done
      state.total = total
      state.rate.note(done, at: time)
      let pause: Duration = columns == nil ? .seconds(5) : .milliseconds(100)
      if let shownAt = state.shownAt, shownAt.duration(to: time) < pause { return }
      // The first line of a log is worth reading only once there is something to say about speed.
      if columns == nil, state.shownAt == nil {
        state.shownAt = time
        return
      }
      state.shownAt = time
      show(&state)
    }
  }

  /// Writes a line of text by `say` without tearing the bar.
  package func interrupt(_ say: () -> Void) {
    state.withLock { state in
      if state.isBarShown { write("\r\u{1B}[K") }
      say()
      if state.isBarShown { show(&state) }
    }
  }

  /// Shows the last figures and ends the line; on a terminal always, elsewhere where a line was shown before.
  package func finish() {
    state.withLock { state in
      guard state.shownAt != nil else { return }
      if columns != nil {
        show(&state)
        write("\n")
        state.isBarShown = false
      } else if state.isBarShown, state.shownDone != state.done {
        show(&state)
      }
      state.shownAt = nil
    }
  }

  private func show(_ state: inout State) {
    let rest = state.total.map { $0 - state.done }
    let text = ProgressText(
      title: title, unit: unit, done: state.done, total: state.total, perSecond: state.rate.perSecond,
      remaining: rest.flatMap { state.rate.remaining($0) })
    if let columns {
      write("\r" + text.bar(columns: max(20, columns() - 1)) + "\u{1B}[K")
    } else {
      write(text.line + "\n")
    }
    state.isBarShown = true
    state.shownDone = state.done
  }
}
