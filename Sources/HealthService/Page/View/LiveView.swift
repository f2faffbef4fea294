import Shared

/// Everything of the page that changes by itself, ready to be written.
struct LiveView: Sendable {
  /// Something that everybody should know about what is shown.
  struct Notice: Sendable {
    let tone: Tone
    let text: String
  }

  let tone: Tone
  let headline: String
  let detail: String
  let takenAt: Moment
  let notices: [Notice]
  let regions: [RegionView]
  let columns: [String]
  let components: [ComponentTable.Row]
  let hasComponents: Bool
  let replicationAge: String?
  let locations: [LocationView]
  let hasLocations: Bool
  let copiesSummary: String
  let copies: [CopyView]
  let hasCopies: Bool
  let failuresSummary: String
  let failures: [FailureView]
  let hasFailures: Bool
  let showsDetails: Bool

  /// More regions and locations than these are not shown.
  private static let maximumRegions = 64

  /// Describes what the health service knows (`health`) and what the database last told (`picture`).
  init(
    health: HealthView, staleAfterMs: Int64, picture: ReplicationPicture?, isDatabaseAway: Bool, pictureAgeMs: Int64,
    audience: PageAudience
  ) {
    let nowMs = health.atMs
    let verdicts = Array(health.verdicts.prefix(Self.maximumRegions))
    let overview = Overview(verdicts, picture: picture)
    (tone, headline, detail) = (overview.tone, overview.headline, overview.detail)
    takenAt = Moment(milliseconds: nowMs, nowMs: nowMs)
    notices = Self.notices(health, picture, isDatabaseAway: isDatabaseAway, pictureAgeMs: pictureAgeMs)
    let newest = ComponentTable.newest(health.observations)
    regions = verdicts.map { verdict in
      RegionView(
        verdict, home: newest[verdict.region]?.snapshot.home.description,
        isOwn: verdict.region == health.snapshot.region, nowMs: nowMs, audience: audience)
    }
    let table = ComponentTable(
      regions: verdicts.map(\.region), observations: health.observations, staleAfterMs: staleAfterMs,
      audience: audience)
    (columns, components, hasComponents) = (table.columns, table.rows, !table.rows.isEmpty)
    replicationAge = picture.map {
      let moment = Moment(milliseconds: $0.wallMs, nowMs: nowMs)
      return "As the database told it \(PlainWords.ago(milliseconds: pictureAgeMs)) (\(moment.clock))."
    }
    let statuses: [LocationStatus] = (picture?.statuses ?? []).filter { $0.state != .removed || $0.placements > 0 }
    locations = statuses.prefix(Self.maximumRegions).map { status in
      LocationView(
        status, picture: picture ?? ReplicationPicture(), nowMs: picture?.wallMs ?? nowMs, audience: audience)
    }
    hasLocations = !locations.isEmpty
    copies = picture?.copies.map(CopyView.init) ?? []
    hasCopies = !copies.isEmpty
    copiesSummary = Self.copiesSummary(picture)
    failures = picture?.failures.map(FailureView.init) ?? []
    hasFailures = !failures.isEmpty
    failuresSummary = Self.failuresSummary(picture)
    showsDetails = audience.seesDetails
  }

  private static func notices(
    _ health: HealthView, _ picture: ReplicationPicture?, isDatabaseAway: Bool, pictureAgeMs: Int64
  ) -> [Notice] {
    var notices: [Notice] = []
    if isDatabaseAway {
      notices.append(
        Notice(
          tone: .warn,
          text: picture == nil
            ? "The database does not answer from here, so nothing is known of replication yet."
            : "The database does not answer from here: replication is shown as it was "
              + "\(PlainWords.ago(milliseconds: pictureAgeMs))."))
    }
    let reach = health.boardReach
    if !reach.isReachable, health.verdicts.count > 1 {
      notices.append(
        Notice(
          tone: .warn,
          text: "Neither the database nor Redis can be reached from here, so nothing new is heard of other regions."))
    } else if !reach.redis, reach.database {
      notices.append(Notice(tone: .unknown, text: "Redis cannot be reached from here; the database carries the news."))
    }
    if picture?.copiesByTarget.isEmpty == true, let oldest = picture?.statuses.compactMap(\.oldestPendingSeconds).max(),
      oldest > 120
    {
      notices.append(
        Notice(
          tone: .warn,
          text: "Copies are pending and none is being made: is a replication worker running for every location?"))
    }
    return notices
  }

  private static func copiesSummary(_ picture: ReplicationPicture?) -> String {
    guard let picture else { return "Not known." }
    guard !picture.copiesByTarget.isEmpty else { return "No copy is being made at this moment." }
    let parts = picture.copiesByTarget.map { item in
      "\(PlainWords.count(item.copies)) to \(item.target) (\(PlainWords.size(item.sizeBytes)))"
    }
    let total = picture.copiesByTarget.reduce(Int64(0)) { $0 &+ $1.copies }
    let more = total > Int64(picture.copies.count) ? " The oldest \(picture.copies.count) are shown." : ""
    return "\(PlainWords.count(total, "copy", "copies")): \(PlainWords.list(parts)).\(more)"
  }

  private static func failuresSummary(_ picture: ReplicationPicture?) -> String {
    guard let picture else { return "Not known." }
    guard !picture.failures.isEmpty else { return "No copy has failed in this time." }
    let isFull = picture.failures.count >= ReplicationPicture.shown
    return isFull
      ? "The latest \(picture.failures.count)."
      : PlainWords.count(Int64(picture.failures.count), "attempt.", "attempts.")
  }
}
