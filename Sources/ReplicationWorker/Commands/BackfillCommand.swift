import ArgumentParser
import Shared

/// `replication-worker backfill`.
struct BackfillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backfill", abstract: "Order every copy that is missing anywhere, and say what is missing still.",
    discussion: """
      Looks at every blob that a repository links, works out where its namespaces require it (the default locations, \
      what a namespace adds, less what it leaves out), and opens a job in the backfill lane for every copy that is \
      missing and not ordered. Safe to run at any time, twice, and by two people at once; a run that was killed is taken \
      up where it stopped, by the next one or by any worker.

      The last line is always one of these:
        N missing, M in flight
        0 missing, 0 in flight: complete
      Missing are the pairs of a blob and a location that requires it without a verified copy there. In flight are those \
      of the missing whose job waits for a worker or is being copied. What is missing and not in flight waits for a \
      person: its job is parked, or no intact copy is left; a line before the last says so.

      EXIT CODES
        0  complete
        2  something is parked or has lost its source
        3  copies are in flight
        64 wrong command line, 69 database away, 78 configuration to be mended

      EXAMPLES
        replication-worker backfill --config config.yaml --wait
        replication-worker backfill --config config.yaml --location eustorage --dry-run --verbose
        replication-worker backfill --config config.yaml --namespace team --json
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Option(help: ArgumentHelp("Only copies at this location.", valueName: "name"))
  var location: String?

  @Option(help: ArgumentHelp("Only blobs of this namespace.", valueName: "name"))
  var namespace: String?

  @Flag(help: "Print each copy that is ordered: digest and location.")
  var verbose = false

  @Flag(help: "Follow the copies until nothing is in flight.")
  var wait = false

  @Flag(help: "Print one JSON object for scripts instead of text.")
  var json = false

  @Flag(help: "Order nothing: only say what is missing.")
  var dryRun = false

  mutating func validate() throws {
    if dryRun, wait { throw ValidationError("--dry-run orders nothing, so there is nothing to --wait for") }
    if json, verbose { throw ValidationError("--json prints one object; leave --verbose out") }
  }

  func run() async throws {
    try await CommandOutcome.report("replication-worker") {
      let gap = try await OperatorSession.with(path: config, command: "backfill") { try await work($0) }
      try gap.exit()
    }
  }

  private func work(_ session: OperatorSession) async throws -> ReplicationGap {
    let defaults = try session.defaultLocations()
    var scope = BackfillScope()
    if let location { scope = BackfillScope(location: try await session.location(location).id) }
    if let namespace {
      scope = BackfillScope(location: scope.location, namespace: try await session.namespace(namespace))
    }
    let filling = Filling(session: session, scope: scope, defaults: defaults, isTextual: !json)
    if dryRun {
      let gap = try await filling.rehearse(listing: verbose)
      try conclude(gap, totals: nil)
      return gap
    }
    let totals = try await filling.order(listing: verbose)
    let gap = try await filling.gap(waiting: wait)
    try conclude(gap, totals: totals)
    return gap
  }

  private func conclude(_ gap: ReplicationGap, totals: BackfillWalk.Totals?) throws {
    guard !json else {
      return try CommandOutcome.say(json: Report(gap: GapReport(gap), blobs: totals?.scanned, ordered: totals?.opened))
    }
    if let totals { CommandOutcome.say("\(totals.scanned) blobs looked at, \(totals.opened) copies ordered") }
    for line in gap.advice { CommandOutcome.say(line) }
    CommandOutcome.say(gap.line)
  }

  /// The JSON form; its keys are part of the command's contract.
  struct Report: Encodable {
    let gap: GapReport
    let blobs: Int64?
    let ordered: Int64?

    enum CodingKeys: String, CodingKey { case blobs, ordered }

    func encode(to encoder: any Encoder) throws {
      try gap.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encodeIfPresent(blobs, forKey: .blobs)
      try container.encodeIfPresent(ordered, forKey: .ordered)
    }
  }
}
