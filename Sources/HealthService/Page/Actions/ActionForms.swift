import Shared

/// The forms of the page's actions; each says what it will do before it does it.
struct ActionForms: Sendable {
  let verdicts: [RegionVerdict]
  let statuses: [LocationStatus]

  /// Whether traffic of a direction would have nowhere to go without `region`.
  func isLast(_ region: String) -> Bool {
    let others = verdicts.filter { $0.region != region }
    return !others.contains(where: \.read.servesTraffic) || !others.contains(where: \.write.servesTraffic)
  }

  /// Whether there is a region or location of that name for the action.
  func knows(_ subject: String, for action: PageAction) -> Bool {
    switch action {
    case .drain, .undrain: verdicts.contains { $0.region == subject }
    // Before the database was heard of once, the name is left to it.
    case .retry, .verify: statuses.isEmpty || statuses.contains { $0.location.description == subject }
    }
  }

  /// The page of an action; `sent` is what was filled in before, `mistakes` what was wrong with it.
  func view(
    _ action: PageAction, _ subject: String, token: String, sent: FormFields? = nil, mistakes: [String] = []
  ) -> ActView {
    switch action {
    case .drain: drain(subject, token, sent, mistakes)
    case .undrain: undrain(subject, token, mistakes)
    case .retry: retry(subject, token, sent, mistakes)
    case .verify: verify(subject, token, sent, mistakes)
    }
  }

  private func drain(_ region: String, _ token: String, _ sent: FormFields?, _ mistakes: [String]) -> ActView {
    let isLast = isLast(region)
    let directions: [(RegionDrain.Direction, String)] = [
      (.both, "Reads and writes"), (.read, "Reads only"), (.write, "Writes only"),
    ]
    let form = ActView.Form(
      path: PageAction.drain.path, token: token, kept: [ActView.Kept(name: "region", value: region)],
      choices: [
        ActView.Choice(
          legend: "What to keep away", name: "direction",
          options: directions.map { direction, label in
            ActView.Option(
              value: direction.rawValue, label: label, hint: nil,
              isChosen: direction.rawValue == sent?["direction"] ?? "both")
          }),
        ActView.Choice(
          legend: "For how long", name: "duration",
          options: ActionOrder.durations.map { item in
            ActView.Option(
              value: item.value, label: item.label, hint: nil, isChosen: item.value == sent?["duration"] ?? "1h")
          }),
      ],
      texts: [
        ActView.Line(
          name: "reason", label: "Why", value: sent?["reason"] ?? "", longest: ActionOrder.longestReason,
          hint: "One line; superusers and the command line show it.", isWrong: sent != nil && sent?["reason"] == nil)
      ],
      confirmations: isLast
        ? [ActView.Confirmation(name: "confirmed", label: "Drain it although nothing else is left.")] : [],
      submit: "Drain \(region)")
    return ActView(
      title: "Drain region \(region)", errors: mistakes,
      warnings: isLast
        ? ["No other region serves reads and writes at this moment: clients would have nowhere to go."] : [],
      sentences: [
        "Load balancers that ask the health services send the region no new traffic, within five seconds. What is "
          + "under way there goes on. The region's services keep running, and copies to its location are made as before."
      ],
      form: form)
  }

  private func undrain(_ region: String, _ token: String, _ mistakes: [String]) -> ActView {
    ActView(
      title: "End the drain of region \(region)", errors: mistakes,
      sentences: [
        "The region gets traffic again as soon as its own probes say that it works, within five seconds if they do."
      ],
      form: ActView.Form(
        path: PageAction.undrain.path, token: token, kept: [ActView.Kept(name: "region", value: region)],
        submit: "End the drain of \(region)"))
  }

  private func retry(_ location: String, _ token: String, _ sent: FormFields?, _ mistakes: [String]) -> ActView {
    let status = statuses.first { $0.location.description == location }
    let (parked, lost) = (status?.parked ?? 0, status?.sourceLost ?? 0)
    let chosen = sent?["which"] ?? (lost == 0 ? "parked" : parked == 0 ? "source_lost" : "both")
    let options = [
      ("parked", "Parked", "\(PlainWords.count(parked)) failed too often"),
      ("source_lost", "Source lost", "\(PlainWords.count(lost)) had no intact copy left to read"),
      ("both", "Both", ""),
    ]
    return ActView(
      title: "Try copies to \(location) again", errors: mistakes,
      sentences: [
        "The copies are due at once and start with a clean count of failures. Mend first what made them fail: one whose "
          + "cause is still there comes back to where it was."
      ],
      form: ActView.Form(
        path: PageAction.retry.path, token: token, kept: [ActView.Kept(name: "location", value: location)],
        choices: [
          ActView.Choice(
            legend: "Which copies", name: "which",
            options: options.map { value, label, hint in
              ActView.Option(
                value: value, label: label, hint: hint.isEmpty ? nil : hint, isChosen: value == chosen)
            })
        ], submit: "Try again"))
  }

  private func verify(_ location: String, _ token: String, _ sent: FormFields?, _ mistakes: [String]) -> ActView {
    let copies = statuses.first { $0.location.description == location }
    let amount = copies.map { " (\(PlainWords.count($0.placements)) copies, \(PlainWords.size($0.placedBytes)))" } ?? ""
    let depths: [(VerificationDepth, String, String)] = [
      (.presence, "Ask the store for every copy", "quick: one small question each"),
      (.content, "Read every copy and check its bytes", "slow, and the store is read from end to end"),
    ]
    return ActView(
      title: "Verify the copies at \(location)", errors: mistakes,
      sentences: [
        "The location's replication workers look at every copy now instead of when it is due\(amount), at "
          + "the rate they are allowed. What is missing or wrong is put aside at once and copied again. They begin "
          + "within two minutes; this page shows how far they are."
      ],
      form: ActView.Form(
        path: PageAction.verify.path, token: token, kept: [ActView.Kept(name: "location", value: location)],
        choices: [
          ActView.Choice(
            legend: "How thoroughly", name: "depth",
            options: depths.map { depth, label, hint in
              ActView.Option(
                value: depth.rawValue, label: label, hint: hint,
                isChosen: depth.rawValue == sent?["depth"] ?? "presence")
            })
        ], submit: "Verify"))
  }
}
