import Shared

/// Keeps what the page shows, written at most once a second for each kind of reader, however many there are.
actor LiveCache {
  private let templates: PageTemplates
  private let state: HealthState
  private let keeper: PictureKeeper
  private let clock: HealthClock
  private var kept: [PageAudience: (html: String, madeAtMs: Int64)] = [:]

  private static let lifetimeMs: Int64 = 1000

  /// Writes with `templates` what `state` and `keeper` know.
  init(templates: PageTemplates, state: HealthState, keeper: PictureKeeper, clock: HealthClock) {
    self.templates = templates
    self.state = state
    self.keeper = keeper
    self.clock = clock
  }

  /// The changing part of the page for `audience`, at most a second old.
  func html(for audience: PageAudience) -> String {
    let now = clock.monotonicMs()
    if let entry = kept[audience], (0..<Self.lifetimeMs).contains(now - entry.madeAtMs) { return entry.html }
    let (picture, isFailing, _) = keeper.current
    let view = LiveView(
      health: state.view, staleAfterMs: state.policy.staleAfterMs, picture: picture, isDatabaseAway: isFailing,
      pictureAgeMs: picture.map { max(0, now - $0.readAtMs) } ?? 0, audience: audience)
    let html = templates.live(view)
    kept[audience] = (html, now)
    return html
  }
}
