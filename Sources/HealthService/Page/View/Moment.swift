import Shared

/// A moment as the page shows it, and as machines read it.
struct Moment: Sendable, Hashable {
  /// `2026-11-21T13:46:05Z`.
  let iso: String
  /// `13:46:05 UTC`, with the date where that is another day than today.
  let clock: String

  /// Takes milliseconds since the epoch; `nowMs` is today.
  init(milliseconds: Int64, nowMs: Int64, hasSeconds: Bool = true) {
    let text = LogTime(milliseconds: milliseconds).description
    let time = text.dropFirst(11).prefix(hasSeconds ? 8 : 5)
    let isToday = LogTime(milliseconds: nowMs).description.prefix(10) == text.prefix(10)
    iso = "\(text.prefix(19))Z"
    clock = isToday ? "\(time) UTC" : "\(text.prefix(10)) \(time) UTC"
  }
}
