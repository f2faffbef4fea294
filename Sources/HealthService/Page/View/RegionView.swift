import Shared

/// One region as the page shows it.
struct RegionView: Sendable {
  /// Reads, or writes.
  struct Direction: Sendable {
    let label: String
    let tone: Tone
    let word: String
    /// The share of traffic, where it is neither all nor none.
    let weight: String?
  }

  /// An operator's drain.
  struct Drain: Sendable {
    let what: String
    let since: Moment
    let until: String
    /// The operator's words, and who it was; only for those who may see details.
    let words: String?
    let by: String?
  }

  let name: String
  let isOwn: Bool
  let home: String?
  let heard: String
  let tone: Tone
  let directions: [Direction]
  let drain: Drain?
  let reasons: [ReasonLine]
  let hasReasons: Bool
  let action: ActionLink?

  /// Describes a region; `home` is the location its health services name.
  init(_ verdict: RegionVerdict, home: String?, isOwn: Bool, nowMs: Int64, audience: PageAudience) {
    name = verdict.region
    self.isOwn = isOwn
    self.home = home
    heard = Self.heard(verdict, isOwn: isOwn)
    let read = Self.direction("Reads", verdict.read)
    let write = Self.direction("Writes", verdict.write)
    directions = [read, write]
    tone = read.tone.worse(write.tone)
    drain = verdict.drain.map { Self.drain($0, nowMs: nowMs, audience: audience) }
    reasons = ReasonLine.lines(verdict, audience: audience)
    hasReasons = !reasons.isEmpty
    action =
      !audience.isOperator
      ? nil
      : verdict.drain == nil
        ? ActionLink(.drain, "Drain…", subject: verdict.region)
        : ActionLink(.undrain, "End the drain…", subject: verdict.region)
  }

  private static func direction(_ label: String, _ judgement: Judgement) -> Direction {
    if judgement.reasons.contains(where: { $0.code == .drained }), !judgement.servesTraffic {
      return Direction(label: label, tone: .drained, word: "Drained", weight: nil)
    }
    let word =
      switch judgement.status {
      case .pass: "Serving"
      case .warn: "Serving, warning"
      case .fail: "Not serving"
      case .unknown: "Unknown"
      }
    let weight = (1..<100).contains(judgement.weight) ? "at \(judgement.weight) % of its traffic" : nil
    return Direction(label: label, tone: Tone(judgement.status), word: word, weight: weight)
  }

  private static func heard(_ verdict: RegionVerdict, isOwn: Bool) -> String {
    guard verdict.ageMs >= 0 else { return "Never heard of." }
    let who = verdict.instances.count > 1 ? " from \(verdict.instances.count) health services" : ""
    let age =
      isOwn && verdict.ageMs < 1000
      ? "Seen from here\(who)" : "Heard of \(PlainWords.ago(milliseconds: verdict.ageMs))\(who)"
    return verdict.isStale ? "\(age), too long ago to say anything." : "\(age)."
  }

  private static func drain(_ drain: RegionDrain, nowMs: Int64, audience: PageAudience) -> Drain {
    let what =
      switch drain.direction {
      case .both: "reads and writes"
      case .read: "reads"
      case .write: "writes"
      }
    let until = drain.untilMs.map { "until \(Moment(milliseconds: $0, nowMs: nowMs).clock)" }
    return Drain(
      what: what, since: Moment(milliseconds: drain.sinceMs, nowMs: nowMs), until: until ?? "until somebody ends it",
      words: audience.seesDetails && !drain.reason.isEmpty ? drain.reason : nil,
      by: audience.seesDetails && !drain.by.isEmpty ? "by \(drain.by)" : nil)
  }
}
