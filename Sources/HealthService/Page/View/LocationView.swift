import Shared

/// How replication stands at one location, as the page shows it.
struct LocationView: Sendable {
  /// One number with its name.
  struct Figure: Sendable {
    let label: String
    let value: String
    let more: String?
    /// Set where it wants attention.
    let alarm: Tone?
  }

  /// One line of the table that says the same as the charts.
  struct Hour: Sendable {
    let from: Moment
    /// `13:00`, or `yesterday 23:00`.
    let label: String
    let lag: String
    let backlog: String
  }

  let name: String
  let tone: Tone
  let badge: Badge
  let figures: [Figure]
  let hasCharts: Bool
  let charts: [Chart]
  let hours: [Hour]
  let verifications: [String]
  let actions: [ActionLink]
  let hasActions: Bool

  /// A backlog whose oldest copy has waited longer than this is said to be behind.
  private static let behindSeconds: Int64 = 600

  /// Describes the location of `status`.
  init(_ status: LocationStatus, picture: ReplicationPicture, nowMs: Int64, audience: PageAudience) {
    name = status.location.description
    badge = Self.badge(status)
    tone = badge.tone
    figures = Self.figures(status)
    let points = picture.history?.points.filter { $0.location == status.location } ?? []
    charts = picture.history.map { Self.charts(status, $0, points) } ?? []
    hours = Self.hours(points, nowMs: nowMs)
    hasCharts = !charts.isEmpty
    verifications = VerificationLine.lines(at: status.location, picture: picture, nowMs: nowMs, audience: audience)
    actions = audience.isOperator ? Self.actions(status) : []
    hasActions = !actions.isEmpty
  }

  private static func badge(_ status: LocationStatus) -> Badge {
    if status.sourceLost > 0 { return Badge(.fail, "Blobs without a source") }
    if status.parked > 0 { return Badge(.fail, "Copies parked") }
    if status.state == .removed { return Badge(.unknown, "Removed") }
    let state =
      switch status.state {
      case .joining: "Joining, "
      case .draining: "Draining, "
      case .readOnly: "Read-only, "
      case .active, .removed: ""
      }
    let (tone, word): (Tone, String) =
      if (status.oldestPendingSeconds ?? 0) > behindSeconds {
        (.warn, "behind")
      } else if status.failing > 0 || status.quarantined > 0 {
        (.warn, "mending")
      } else if status.pendingJobs > 0 {
        (.pass, "copying")
      } else {
        (.pass, "up to date")
      }
    return Badge(tone, state.isEmpty ? word.prefix(1).uppercased() + word.dropFirst() : state + word)
  }

  private static func figures(_ status: LocationStatus) -> [Figure] {
    var figures = [
      Figure(
        label: "Pending", value: PlainWords.count(status.pendingJobs),
        more: status.pendingJobs > 0 ? PlainWords.size(status.pendingBytes) : nil, alarm: nil),
      Figure(
        label: "Lag", value: Chart.words(status.oldestPendingSeconds ?? 0, .seconds), more: "age of the oldest",
        alarm: (status.oldestPendingSeconds ?? 0) > behindSeconds ? .warn : nil),
      Figure(
        label: "A copy takes", value: status.lag.map { PlainWords.span(milliseconds: $0.p50Ms) } ?? "–",
        more: status.lag.map { "99 % within \(PlainWords.span(milliseconds: $0.p99Ms))" }, alarm: nil),
      Figure(
        label: "Only copy is here", value: PlainWords.count(status.atRisk.count),
        more: status.atRisk.count > 0 ? "\(PlainWords.size(status.atRisk.sizeBytes)) at risk" : "nothing at risk",
        alarm: status.atRisk.count > 0 ? .warn : nil),
      Figure(
        label: "Parked", value: PlainWords.count(status.parked), more: nil, alarm: status.parked > 0 ? .fail : nil),
      Figure(
        label: "Source lost", value: PlainWords.count(status.sourceLost), more: nil,
        alarm: status.sourceLost > 0 ? .fail : nil),
    ]
    // What is nearly always nought takes no room.
    if status.failing > 0 {
      figures.append(
        Figure(label: "Failing", value: PlainWords.count(status.failing), more: "tried again", alarm: .warn))
    }
    if status.quarantined > 0 {
      figures.append(
        Figure(label: "Put aside", value: PlainWords.count(status.quarantined), more: "being healed", alarm: .warn))
    }
    if status.failingDeletions > 0 {
      figures.append(
        Figure(label: "Deletions failing", value: PlainWords.count(status.failingDeletions), more: nil, alarm: .warn))
    }
    figures.append(
      Figure(
        label: "Good copies", value: PlainWords.count(status.placements), more: PlainWords.size(status.placedBytes),
        alarm: nil))
    return figures
  }

  private static func charts(
    _ status: LocationStatus, _ history: ReplicationHistory, _ points: [ReplicationHistory.Point]
  ) -> [Chart] {
    let nowMs = history.nowMs
    guard nowMs > 0 else { return [] }
    func chart(
      _ kind: String, _ title: String, _ unit: Chart.Unit, latest: Int64,
      _ value: (ReplicationHistory.Point) -> Int64
    ) -> Chart {
      Chart(
        id: "\(kind)-\(status.location)", kind: kind, title: title, unit: unit,
        // The middle of its stretch stands for it, but for the running one, whose middle may be to come.
        points: points.map {
          Chart.Point(atMs: min($0.beganAtMs + history.stretchMs / 2, nowMs - 1), value: value($0))
        },
        nowMs: nowMs, gapMs: history.stretchMs * 3, latest: latest)
    }
    return [
      chart("lag", "Lag, now", .seconds, latest: status.oldestPendingSeconds ?? 0) { $0.lagSeconds },
      chart("backlog", "Backlog, now", .copies, latest: status.pendingJobs) { $0.pending },
    ]
  }

  private static func hours(_ points: [ReplicationHistory.Point], nowMs: Int64) -> [Hour] {
    let hour: Int64 = 3_600_000
    return Dictionary(grouping: points) { $0.beganAtMs / hour * hour }.sorted { $0.key > $1.key }.map { began, points in
      let from = Moment(milliseconds: began, nowMs: nowMs, hasSeconds: false)
      // The clock has the date in front where it is another day's.
      let isToday = from.clock.utf8.count == "13:00 UTC".utf8.count
      return Hour(
        from: from,
        label: isToday ? String(from.iso.dropFirst(11).prefix(5)) : "yesterday \(from.iso.dropFirst(11).prefix(5))",
        lag: Chart.words(points.map(\.lagSeconds).max() ?? 0, .seconds),
        backlog: Chart.words(points.map(\.pending).max() ?? 0, .copies))
    }
  }

  private static func actions(_ status: LocationStatus) -> [ActionLink] {
    guard status.state != .removed else { return [] }
    let name = status.location.description
    var actions: [ActionLink] = []
    if status.parked > 0 || status.sourceLost > 0 { actions.append(ActionLink(.retry, "Try again…", subject: name)) }
    actions.append(ActionLink(.verify, "Verify…", subject: name))
    return actions
  }
}
