import SharedModel

/// Everything recent that is known of one region, its health services' words put together.
struct RegionEvidence: Sendable {
  let region: String
  let home: LocationID
  /// The age of the newest word, in milliseconds.
  let ageMs: Int64
  let instances: [String]
  private let words: [TrafficDirection: [ComponentWord]]

  /// Takes the words of the region's services that are at most `staleAfterMs` old; nil where there are none.
  init?(region: String, observations: [RegionObservation], staleAfterMs: Int64) {
    let fresh = Self.newest(observations.filter { $0.isOwn || $0.ageMs <= staleAfterMs })
    guard let first = fresh.first(where: \.isOwn) ?? fresh.first else { return nil }
    self.region = region
    home = first.snapshot.home
    ageMs = fresh.map { max(0, $0.ageMs) }.min() ?? 0
    instances = fresh.map(\.snapshot.instance).filter { !$0.isEmpty }
    var votes: [String: [ComponentWord.Vote]] = [:]
    for observation in fresh {
      for health in observation.snapshot.components {
        votes[health.component, default: []].append(
          .init(
            instance: observation.snapshot.instance, health: health, ageMs: observation.ageMs,
            isOwn: observation.isOwn))
      }
    }
    let names = votes.keys.sorted()
    words = Dictionary(
      uniqueKeysWithValues: TrafficDirection.allCases.map { direction -> (TrafficDirection, [ComponentWord]) in
        let api = votes[ProbeTarget.api.name] ?? []
        // As many canaries that were pulled as were not still prove that the region serves.
        let pull = ComponentWord(ProbeTarget.api.name, votes: api, direction: direction, isPulling: true)
        let isPulling = !api.isEmpty && pull.status.servesTraffic
        return (
          direction,
          names.map { name in
            ComponentWord(name, votes: votes[name] ?? [], direction: direction, isPulling: isPulling)
          }
        )
      })
  }

  /// What is said of every component, ordered by name.
  func words(_ direction: TrafficDirection) -> [ComponentWord] { words[direction] ?? [] }

  /// What is said of one component; nil where nothing is.
  func word(_ target: ProbeTarget, _ direction: TrafficDirection) -> ComponentWord? {
    let name = target.name
    return words(direction).first { $0.component == name }
  }

  /// One for each component that the services see differently, in either direction.
  var disagreements: [Reason] {
    var seen: Set<String> = []
    return TrafficDirection.allCases.flatMap { words($0) }.compactMap { word in
      guard let text = word.disagreement, seen.insert(word.component).inserted else { return nil }
      return Reason(code: .disagreement, component: word.component, text: text)
    }
  }

  /// The newest word of each service, ordered by its name; the same for the same words in any order.
  private static func newest(_ observations: [RegionObservation]) -> [RegionObservation] {
    var newest: [String: RegionObservation] = [:]
    for observation in observations {
      let instance = observation.snapshot.instance
      if let other = newest[instance], rank(other) <= rank(observation) { continue }
      newest[instance] = observation
    }
    return newest.values.sorted { $0.snapshot.instance < $1.snapshot.instance }
  }

  private static func rank(_ observation: RegionObservation) -> (Int, Int64, Int64, String) {
    let snapshot = observation.snapshot
    let statuses = snapshot.components.map { "\($0.component) \($0.status) \($0.status(for: .write))" }
    return (observation.isOwn ? 0 : 1, observation.ageMs, -max(snapshot.atMs, 0), statuses.joined(separator: "\n"))
  }
}
