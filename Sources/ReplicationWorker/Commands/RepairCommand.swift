import ArgumentParser
import Foundation
import Logging
import Shared
import Synchronization

/// `replication-worker repair`.
struct RepairCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair", abstract: "Compare buckets with the database and mend the difference.",
    discussion: """
      Lists each bucket beside the placements in the database. Missing: a copy on record whose object is not there. Wrong \
      size: one whose object has another size. Orphan: an object of ours that nothing refers to. Stale upload: an open \
      multipart upload nobody continues. Objects under names this registry never makes are counted and never touched.

      Without --fix nothing is changed. With --fix, missing and wrong copies are put aside and made again by the workers; \
      orphans and stale uploads older than the grace are put on record and deleted by the workers of their region. Where \
      most of a bucket is missing, or most of it is unknown to the database, one of the two may be the wrong one: nothing \
      is changed unless --trust-bucket or --trust-database says which is right. `run` compares each bucket once a day.

      EXAMPLES
        replication-worker repair --config config.yaml
        replication-worker repair --config config.yaml --location eustorage --fix
        replication-worker repair --config config.yaml --fix --yes --grace 1h --json

      EXIT CODES
        0  no difference, or every difference mended
        2  differences are left
        3  a bucket or the database is in doubt
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Option(help: "Only this location.")
  var location: String?

  @Flag(help: "Only count (the default).")
  var dryRun = false

  @Flag(help: "Mend what differs.")
  var fix = false

  @Option(help: ArgumentHelp("The age from which what nothing refers to is an orphan.", valueName: "duration"))
  var grace = DurationArgument(seconds: 86_400)

  @Flag(help: "Put missing copies aside even where most of a location is missing.")
  var trustBucket = false

  @Flag(help: "Delete orphans even where most of a bucket is unknown to the database.")
  var trustDatabase = false

  @Flag(help: "Print one JSON object for scripts.")
  var json = false

  @Flag(help: "Do not ask.")
  var yes = false

  mutating func validate() throws {
    guard !(dryRun && fix) else { throw ValidationError("--dry-run and --fix exclude each other") }
    guard !fix || grace.duration >= .seconds(60) else { throw ValidationError("--grace is at least 1m with --fix") }
  }

  func run() async throws {
    try await CommandOutcome.report("replication-worker") { try await repair() }
  }

  private func repair() async throws {
    let configuration = try Startup.configuration(path: config).configuration
    let stores = try Startup.stores(configuration)
    let chosen = try chosen(of: stores)
    let queue = Startup.queue(configuration, logger: Logger(label: "replication-worker"))
    let reports = try await Startup.withCatalog(path: config, service: "replication-worker-repair") { catalog in
      var reports: [DriftReport] = []
      if !fix || !yes {
        for store in chosen { reports.append(try await compare(store, catalog, queue, mayChange: false)) }
      }
      guard fix else { return reports }
      if !yes {
        let question = reports.flatMap(\.lines).joined(separator: "\n") + "\nMend this?"
        guard try await Confirmation().confirm(question, isGiven: false) else {
          throw StartupError.refused("nothing was changed")
        }
      }
      reports = []
      for store in chosen { reports.append(try await compare(store, catalog, queue, mayChange: true)) }
      return reports
    }
    await queue.close()
    for store in stores.values { await store.close() }
    if json {
      CommandOutcome.say(try DriftReport.json(reports))
    } else {
      reports.flatMap(\.lines).forEach(CommandOutcome.say)
    }
    if reports.contains(where: \.isDoubtful) { throw ExitCode(3) }
    if reports.contains(where: { $0.left > 0 }) { throw ExitCode(2) }
  }

  private func compare(
    _ store: any BlobStore, _ catalog: Catalog, _ queue: any ReplicationQueue, mayChange: Bool
  ) async throws -> DriftReport {
    let progress = ProgressLine("comparing \(store.location)", unit: .things("objects"), isShown: !json)
    defer { progress.finish() }
    let findings = Mutex<[DriftFinding]>([])
    let repair = DriftRepair(
      store: store, catalog: catalog,
      plan: DriftRepair.Plan(
        mayChange: mayChange, grace: grace.duration, mayDoubtBucket: !trustBucket, mayDoubtDatabase: !trustDatabase),
      announce: { await queue.announceIfPossible($0) },
      found: { finding in
        findings.withLock { if $0.count < DriftReport.mostListed { $0.append(finding) } }
      }, logger: Logger(label: "replication-worker") { _ in SwiftLogNoOpLogHandler() })
    var tally = DriftTally()
    var listing = DriftRepair.Listing()
    var cursor: DriftCursor? = .start
    var suspicion: CopyVerifier.Suspicion?
    do {
      while let at = cursor {
        cursor = try await repair.step(at, &listing, &tally)
        progress.update(done: tally.objects, total: nil)
      }
    } catch let error as CopyVerifier.Suspicion {
      suspicion = error
    }
    return DriftReport(
      location: store.location, mayChange: mayChange, tally: tally, findings: findings.withLock { $0 },
      suspicion: suspicion)
  }

  private func chosen(of stores: [LocationID: any BlobStore]) throws(StartupError) -> [any BlobStore] {
    let sorted = stores.sorted { $0.key < $1.key }
    guard let location else { return sorted.map(\.value) }
    guard let store = sorted.first(where: { $0.key.description == location }) else {
      throw .locationUnknown(location, known: sorted.map(\.key))
    }
    return [store.value]
  }
}
