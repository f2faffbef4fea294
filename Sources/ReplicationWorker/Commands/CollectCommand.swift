import ArgumentParser
import Foundation
import Logging
import Shared

/// `replication-worker gc`.
struct CollectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc", abstract: "Remove what no image needs any more, at every location.",
    discussion: """
      Two phases. First the database: links that no manifest needs and whose lease has passed, then blobs that nothing \
      links; every object they had anywhere is put on record. Then, once the grace has passed, the workers of each region \
      delete the objects of their own locations. `run` does both all the time; this command does the first at once, and \
      with --wait sees the second through.

      Manifests without a tag are kept: images pushed by digest and signatures have none. With --delete-untagged those \
      older than --older-than go, except what an index lists and what refers to a manifest that is still there.

      EXAMPLES
        replication-worker gc --config config.yaml --dry-run
        replication-worker gc --config config.yaml --yes --wait
        replication-worker gc --config config.yaml --delete-untagged --older-than 30d

      EXIT CODES
        0  done (with --wait: and every object is deleted)
        2  with --wait: objects are left whose deletion fails
        1  refused at the prompt, or stopped by an error; the next round goes on where this one stopped
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Flag(help: "Count what would be removed; change nothing.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "How long objects outlive their blob. Default: the lifetime of download URLs and an hour.", valueName: "duration")
  )
  var grace: DurationArgument?

  @Flag(help: "Do one round, even where another one would find what this one set free.")
  var once = false

  @Flag(help: "Wait until the workers have deleted every object on record, at all locations.")
  var wait = false

  @Flag(help: "Delete manifests without a tag as well.")
  var deleteUntagged = false

  @Option(help: ArgumentHelp("The age from which --delete-untagged deletes.", valueName: "duration"))
  var olderThan = DurationArgument(seconds: 30 * 86_400)

  @Flag(help: "Print one JSON object for scripts.")
  var json = false

  @Flag(help: "Do not ask.")
  var yes = false

  func run() async throws {
    try await CommandOutcome.report("replication-worker") { try await collect() }
  }

  private func collect() async throws {
    let configuration = try Startup.configuration(path: config).configuration
    var plan = Collector.Plan(
      grace: grace?.duration ?? UpkeepOptions.defaultGrace(configuration),
      untaggedOlderThan: deleteUntagged ? olderThan.duration : nil)
    // Somebody waits for it.
    plan.rowsPerSecond = 0
    try await Startup.withCatalog(path: config, service: "replication-worker-gc") { catalog in
      let collector = Collector(
        catalog: catalog, holder: "gc-\(RandomIdentifier().hex.prefix(12))", plan: plan,
        logger: Logger(label: "replication-worker"))
      if dryRun {
        try report(Report(isDryRun: true, tally: try await rehearse(collector, catalog), backlog: []))
        return
      }
      if !yes { try await confirm(collector, catalog) }
      let tally = try await rounds(of: collector)
      let backlog = wait ? try await drain(catalog) : try await catalog.deletionBacklog()
      try report(Report(isDryRun: false, tally: tally, backlog: backlog))
      if wait, !backlog.isEmpty { throw ExitCode(2) }
    }
  }

  /// Shows what would go and asks; a refusal ends the command.
  private func confirm(_ collector: Collector, _ catalog: Catalog) async throws {
    let tally = try await rehearse(collector, catalog)
    let question = Report(isDryRun: true, tally: tally, backlog: []).lines.joined(separator: "\n") + "\nRemove them?"
    if tally.isEmpty { return }
    guard try await Confirmation().confirm(question, isGiven: false) else {
      throw StartupError.refused("nothing was removed")
    }
  }

  private func rehearse(_ collector: Collector, _ catalog: Catalog) async throws -> CollectionTally {
    let progress = ProgressLine("counting", unit: .things("rows"), isShown: !json)
    defer { progress.finish() }
    return try await collector.rehearse { progress.update(done: Int64($0.linksSeen + $0.blobsSeen), total: nil) }
  }

  /// Rounds until one finds nothing more: an index that goes sets its children free for the next one.
  private func rounds(of collector: Collector) async throws -> CollectionTally {
    var total = CollectionTally()
    let progress = ProgressLine("collecting", unit: .things("rows"), isShown: !json)
    defer { progress.finish() }
    while true {
      let outcome = try await collector.round {
        progress.update(done: Int64($0.linksSeen + $0.blobsSeen), total: nil)
      }
      switch outcome {
      case .notNow:
        // A worker collects at the moment; its lease is renewed with every step and ends soon after its last.
        try await ContinuousClock().sleep(for: .seconds(1))
      case .done(let tally, let isWhole):
        total.add(tally)
        if isWhole, once || tally.isEmpty { return total }
      }
    }
  }

  /// How long only failing deletions may be left before waiting is over: some of their retries fall into it.
  private static let patience: Duration = .seconds(60)

  /// Waits until nothing is on record any more, or for a while only what cannot be deleted at the moment.
  private func drain(_ catalog: Catalog) async throws -> [DeletionBacklog] {
    let progress = ProgressLine("waiting for deletions", unit: .things("objects left"), isShown: !json)
    defer { progress.finish() }
    var onlyFailingSince: ContinuousClock.Instant?
    while true {
      let backlog = try await catalog.deletionBacklog()
      if backlog.isEmpty { return backlog }
      progress.update(done: Int64(backlog.reduce(0) { $0 + $1.waiting }), total: nil)
      let now = ContinuousClock.now
      let isOnlyFailing = backlog.allSatisfy { $0.waiting == $0.failing }
      if let since = onlyFailingSince, isOnlyFailing, since.duration(to: now) >= Self.patience { return backlog }
      onlyFailingSince = isOnlyFailing ? onlyFailingSince ?? now : nil
      try await ContinuousClock().sleep(for: .seconds(1))
    }
  }

  private func report(_ report: Report) throws {
    guard json else {
      for line in report.lines { CommandOutcome.say(line) }
      return
    }
    CommandOutcome.say(try report.json())
  }
}

extension CollectCommand {
  /// What was removed and what is still to be deleted.
  struct Report {
    let isDryRun: Bool
    let tally: CollectionTally
    let backlog: [DeletionBacklog]

    /// The form for people.
    var lines: [String] {
      let verb = isDryRun ? "would remove" : "removed"
      var lines = [
        "\(verb) \(tally.manifests) manifests, \(tally.links) links, \(tally.blobs) blobs "
          + "(\(tally.bytes) bytes, \(tally.objects) objects at all locations)"
      ]
      if !isDryRun, backlog.isEmpty { lines.append("no object waits to be deleted") }
      for item in backlog {
        lines.append(
          "\(item.location): \(item.waiting) objects on record, \(item.due) due, \(item.failing) failing"
            + (item.lastError.map { " (\($0))" } ?? ""))
      }
      return lines
    }

    /// The form for scripts; its keys are part of the command's contract.
    func json() throws -> String {
      struct Body: Encodable {
        struct Location: Encodable {
          let location: String
          let waiting: Int
          let due: Int
          let failing: Int
          let oldest_seconds: Int64
          let last_error: String?
        }
        let dry_run: Bool
        let collected: CollectionTally
        let deletions: [Location]
      }
      let body = Body(
        dry_run: isDryRun, collected: tally,
        deletions: backlog.map {
          Body.Location(
            location: $0.location.description, waiting: $0.waiting, due: $0.due, failing: $0.failing,
            oldest_seconds: $0.oldestAgeMs / 1000, last_error: $0.lastError)
        })
      return try body.jsonText()
    }
  }
}
