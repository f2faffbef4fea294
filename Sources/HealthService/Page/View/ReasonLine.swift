import Shared

/// One reason of a region's verdict; its text only for those who may see details.
struct ReasonLine: Sendable, Hashable {
  let component: String?
  let phrase: String
  /// `reads` or `writes` where the other direction does not have it.
  let scope: String?
  let text: String?

  /// A page is no place for more lines, whatever a newer health service has to tell.
  private static let maximumLines = 20

  /// The reasons of both directions, each once, and what the region's health services disagree about.
  static func lines(_ verdict: RegionVerdict, audience: PageAudience) -> [ReasonLine] {
    var lines: [ReasonLine] = []
    // A drain has a paragraph of its own.
    let reads = verdict.read.reasons.filter { $0.code != .drained }
    let writes = verdict.write.reasons.filter { $0.code != .drained }
    for reason in reads {
      lines.append(ReasonLine(reason, scope: writes.contains { isSame($0, reason) } ? nil : "reads", audience))
    }
    for reason in writes where !reads.contains(where: { isSame($0, reason) }) {
      lines.append(ReasonLine(reason, scope: "writes", audience))
    }
    lines += verdict.disagreements.map { ReasonLine($0, scope: nil, audience) }
    return Array(lines.prefix(maximumLines))
  }

  private init(_ reason: Reason, scope: String?, _ audience: PageAudience) {
    component = reason.component.map(ComponentName.label)
    phrase = Self.phrase(reason.code)
    self.scope = scope
    text = audience.seesDetails && !reason.text.isEmpty ? reason.text : nil
  }

  private static func isSame(_ left: Reason, _ right: Reason) -> Bool {
    left.code == right.code && left.component == right.component
  }

  /// What a code means, in words that follow the component's name or stand alone.
  static func phrase(_ code: ReasonCode) -> String {
    switch code {
    case .componentFailed: "does not work"
    case .componentWarning: "wants attention"
    case .componentUnknown: "has not been seen lately"
    case .remoteFailed: "does not work as seen from here; the region serves on"
    case .servedFromRemote: "cannot be read; pulls are served from other regions"
    case .sharedFate: "fails in every region, so none is better off"
    case .isolated: "cut off from the database and from all other regions"
    case .panicGuard: "kept in, because too many regions are out"
    case .stale: "nothing was heard of it lately"
    case .drained: "drained by an operator"
    case .disagreement: "is seen differently by the region's health services"
    case .other: "something this version has no word for"
    }
  }
}
