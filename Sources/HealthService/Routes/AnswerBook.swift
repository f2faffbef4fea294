import Shared
import Synchronization

/// The answers of one moment: each is encoded when it is first asked for, and then handed out as bytes.
///
/// It holds at most one answer per endpoint, form and kind of reader, and regions only that have a verdict, so nothing a
/// client sends makes it grow.
final class AnswerBook: Sendable {
  let view: HealthView
  let madeAt: ContinuousClock.Instant
  private let answers = Mutex<[AnswerKey: Answer]>([:])

  /// Opens an empty book on a view.
  init(view: HealthView, madeAt: ContinuousClock.Instant) {
    self.view = view
    self.madeAt = madeAt
  }

  /// The answer, from the book or written into it now.
  func answer(_ key: AnswerKey) -> Answer {
    if let known = answers.withLock({ $0[key] }) { return known }
    if case .region(let name, _) = key.endpoint, view.verdict(on: name) == nil {
      return Answer(code: 404, line: "no such region", date: HTTPDate.text(ms: view.atMs))
    }
    // Two at once may both encode it: the same bytes, and no lock is held meanwhile.
    let answer = encode(key)
    answers.withLock { $0[key] = answer }
    return answer
  }

  private func encode(_ key: AnswerKey) -> Answer {
    let date = HTTPDate.text(ms: view.atMs)
    if key.endpoint == .livez { return Answer(code: 200, line: "ok", date: date) }
    let (code, body) =
      key.format == .healthJSON
      ? HealthJSONBody(view: view, showsDetails: key.showsDetails).answer(to: key.endpoint)
      : PlainBody(view: view, showsDetails: key.showsDetails).answer(to: key.endpoint)
    return Answer(code: code, body: body.bytes, mediaType: key.format.mediaType, date: date)
  }
}
