import Shared

/// The JSON bodies of this service: Quay's where Quay has the endpoint, a verdict that begins with its word elsewhere.
struct PlainBody {
  let view: HealthView
  let showsDetails: Bool

  /// The status code and body of an endpoint.
  func answer(to endpoint: HealthEndpoint) -> (code: Int, body: OrderedJSON) {
    switch endpoint {
    case .livez: (200, .members(["status": .text("pass")]))
    case .readyz: readiness
    case .instance: QuayHealthBody.instance(view).answer
    case .endToEnd: QuayHealthBody.endToEnd(view, showsDetails: showsDetails).answer
    case .warning: QuayHealthBody.warning(view).answer
    case .databaseRevision: QuayHealthBody.databaseRevision(view)
    case .regions: (200, regions)
    case .region(let name, let question): region(name, question)
    }
  }

  /// Ready is who has looked at everything once: what was seen does not matter, or a fault that all share would leave
  /// nobody to say so.
  private var readiness: (code: Int, body: OrderedJSON) {
    let isReady = view.isReady
    return (
      isReady ? 200 : 503,
      .members(["status": .text(isReady ? "pass" : "unknown"), "region": .text(view.region)])
    )
  }

  private var regions: OrderedJSON {
    .members(["region": .text(view.region), "regions": .list(view.verdicts.map { verdict($0, .both) })])
  }

  private func region(_ name: String, _ question: TrafficQuestion) -> (code: Int, body: OrderedJSON) {
    guard let found = view.verdict(on: name) else { return (404, .null) }
    return (found.judgement(for: question).servesTraffic ? 200 : 503, verdict(found, question))
  }

  /// A verdict: the answer to the question first, then both directions, then why; balancers read the first bytes only.
  func verdict(_ verdict: RegionVerdict, _ question: TrafficQuestion) -> OrderedJSON {
    let asked = verdict.judgement(for: question)
    return .members([
      "region": .text(verdict.region),
      "for": .text(question.rawValue),
      "status": .text(asked.status.rawValue),
      "serves": .bool(asked.servesTraffic),
      "weight": .integer(Int64(asked.weight)),
      "read": word(verdict.read),
      "write": word(verdict.write),
      "drain": verdict.drain.map(drain),
      "age_ms": .integer(verdict.ageMs),
      "stale": .bool(verdict.isStale),
      "reasons": .members([
        "read": .list(verdict.read.reasons.map(reason)), "write": .list(verdict.write.reasons.map(reason)),
      ]),
      "instances": showsDetails ? .list(verdict.instances.map(OrderedJSON.text)) : nil,
      "disagreements": .list(verdict.disagreements.map(reason)),
    ])
  }

  private func word(_ judgement: Judgement) -> OrderedJSON {
    .members([
      "status": .text(judgement.status.rawValue), "serves": .bool(judgement.servesTraffic),
      "weight": .integer(Int64(judgement.weight)),
    ])
  }

  /// Codes are for everybody; the line for people, and which other location it is about, are details.
  private func reason(_ reason: Reason) -> OrderedJSON {
    .members([
      "code": .text(reason.code.rawValue),
      "component": showsDetails ? reason.component.map(OrderedJSON.text) : reason.publicComponent,
      "text": showsDetails ? .text(reason.text) : nil,
    ])
  }

  private func drain(_ drain: RegionDrain) -> OrderedJSON {
    .members([
      "direction": .text(drain.direction.rawValue),
      "since": .text(HTTPDate.timestamp(ms: drain.sinceMs)),
      "until": drain.untilMs.map { .text(HTTPDate.timestamp(ms: $0)) },
      "reason": showsDetails ? .text(drain.reason) : nil,
      "by": showsDetails ? .text(drain.by) : nil,
    ])
  }
}

extension Reason {
  /// The kind of the component, without the name of a location.
  fileprivate var publicComponent: OrderedJSON? {
    component.map { .text(String($0.prefix { $0 != ":" })) }
  }
}

extension RegionVerdict {
  /// The judgement for what is asked about.
  func judgement(for question: TrafficQuestion) -> Judgement {
    switch question {
    case .both: both
    case .read: read
    case .write: write
    }
  }
}
