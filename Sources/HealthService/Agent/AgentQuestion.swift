import Shared

/// What an agent check asks: a region and a direction, `us write`.
struct AgentQuestion: Sendable, Hashable {
  let region: String
  let traffic: TrafficQuestion

  /// Reads a line of HAProxy's `agent-send`: a region, a direction, both in this order, or nothing; nil for anything else.
  init?(line: String, own: String) {
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    switch words.count {
    case 0: self.init(region: own, traffic: .both)
    case 1:
      // A region that is called as a direction has to be asked for with one.
      guard let word = words.first else { return nil }
      if let traffic = TrafficQuestion(rawValue: word) {
        self.init(region: own, traffic: traffic)
      } else {
        self.init(region: word, traffic: .both)
      }
    case 2:
      guard let region = words.first, let traffic = words.last.flatMap(TrafficQuestion.init(rawValue:)) else {
        return nil
      }
      self.init(region: region, traffic: traffic)
    default: return nil
    }
  }

  init(region: String, traffic: TrafficQuestion) {
    self.region = region
    self.traffic = traffic
  }
}
