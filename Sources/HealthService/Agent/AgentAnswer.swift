import Shared

/// What an agent check is told (HAProxy configuration manual, section 5.2 `agent-check`).
///
/// `ready` stands in every answer that is not `drain`: it is what ends an earlier drain. The reason stands apart from `down`:
/// HAProxy 2.6 takes `down#reason` for no word it knows, and leaves the server up.
enum AgentAnswer {
  /// The line for a question; unknown regions are down.
  static func line(for question: AgentQuestion, verdicts: [RegionVerdict]) -> String {
    guard let verdict = verdicts.first(where: { $0.region == question.region }) else {
      return "ready down #unknown_region\n"
    }
    let judgement = verdict.judgement(for: question.traffic)
    guard judgement.servesTraffic else {
      // A drain lets transfers under way go on, which a region that is down may not.
      if let drain = verdict.drain, drain.covers(question.traffic) { return "drain\n" }
      // The code only: the balancer's page may be open to people who shall not see more.
      return "ready down #\(judgement.reasons.first?.code.rawValue ?? judgement.status.rawValue)\n"
    }
    return "ready up \(judgement.weight)%\n"
  }
}

extension RegionDrain {
  /// Whether the drain takes the region out for what is asked about.
  func covers(_ traffic: TrafficQuestion) -> Bool {
    switch direction {
    case .both: true
    case .read: traffic != .write
    case .write: traffic != .read
    }
  }
}
