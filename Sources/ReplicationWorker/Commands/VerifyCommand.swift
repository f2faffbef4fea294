import ArgumentParser
import Logging
import Shared

/// `replication-worker verify`.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Look whether copies are there, or read and hash them.",
    discussion: """
      Asks each store for every copy the database knows of: that it is there and of its size, and with --deep that its \
      bytes hash to its digest. What is missing or wrong is put out of service at once (pulls are served from elsewhere) \
      and copied again by the workers. `run` does both all the time at a low rate.

      A store that cannot be reached is never taken for one that has lost its objects. Where more than a few per cent of \
      a location are missing and most of a random sample too, its bucket may be lost or another one: nothing is put \
      aside, unless --trust-bucket says that the bucket is the right one.

      EXAMPLES
        replication-worker verify --config config.yaml
        replication-worker verify --config config.yaml --location eustorage --deep --rate 50M
        replication-worker verify --config config.yaml --repository team/app --json
        replication-worker verify --config config.yaml --digest sha256:5891b5…

      EXIT CODES
        0  every copy that was asked for is good
        2  copies were missing or wrong: they are listed, put aside and will be made again
        3  a bucket is in doubt: nothing was put aside there
        4  some copies could not be looked at; nothing speaks against the others
      """)

  @Option(help: "The configuration file, the same in every region.")
  var config: String

  @Option(help: "Only the copies at this location.")
  var location: String?

  @Option(help: "Only what this repository links.")
  var repository: String?

  @Option(help: "Only this blob.")
  var digest: String?

  @Flag(help: "Read and hash the bytes.")
  var deep = false

  @Option(help: "Copies per second, or with --deep bytes per second (4M, 512K); 0 for as fast as the stores answer.")
  var rate: ByteRateArgument = ByteRateArgument(mebibytes: 0)

  @Flag(help: "Put missing copies aside even where most of a location is missing.")
  var trustBucket = false

  @Flag(help: "Print one JSON object for scripts.")
  var json = false

  func run() async throws {
    try await CommandOutcome.report("replication-worker") { try await verify() }
  }

  private func verify() async throws {
    let configuration = try Startup.configuration(path: config).configuration
    let stores = try Startup.stores(configuration)
    let scope = try scope(of: configuration)
    let queue = Startup.queue(configuration, logger: Logger(label: "replication-worker"))
    let outcome: VerificationRun.Outcome
    do {
      outcome = try await Startup.withCatalog(path: config, service: "replication-worker-verify") { catalog in
        let progress = ProgressLine("verifying", unit: deep ? .bytes : .things("copies"), isShown: !json)
        defer { progress.finish() }
        let run = VerificationRun(
          catalog: catalog, stores: stores, queue: queue, depth: deep ? .content : .presence,
          perSecond: Double(rate.bytes), mayDoubtBucket: !trustBucket)
        return try await run.verify(scope) { progress.update(done: $0, total: $1) }
      }
    } catch {
      await queue.close()
      throw error
    }
    await queue.close()
    for store in stores.values { await store.close() }
    if json { CommandOutcome.say(try outcome.json()) } else { outcome.lines.forEach(CommandOutcome.say) }
    if outcome.exitCode != 0 { throw ExitCode(outcome.exitCode) }
  }

  private func scope(of configuration: Configuration) throws -> VerificationScope {
    var scope = VerificationScope()
    if let location {
      let known = configuration.locations.map(\.id)
      guard let id = known.first(where: { $0.description == location }) else {
        throw StartupError.locationUnknown(location, known: known)
      }
      scope.location = id
    }
    if let repository { scope.repository = try RepositoryName(parsing: repository) }
    if let digest { scope.digest = try Digest(parsing: digest) }
    return scope
  }
}
