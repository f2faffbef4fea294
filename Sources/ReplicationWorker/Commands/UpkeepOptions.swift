import ArgumentParser
import Logging
import ServiceLifecycle
import Shared

/// What `run` does beside copying so that the locations stay right: collection, deletion, verification, comparison.
struct UpkeepOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The time between two rounds of garbage collection; 0 for none.", valueName: "duration"))
  var gcInterval = DurationArgument(seconds: 900)

  @Option(
    help: ArgumentHelp(
      "How long objects outlive their blob. Default: the lifetime of download URLs and an hour.", valueName: "duration")
  )
  var gcGrace: DurationArgument?

  @Option(
    help: ArgumentHelp("The time between two looks for objects that are to be deleted.", valueName: "duration"))
  var deletionInterval = DurationArgument(seconds: 30)

  /// Refuses what would make a service spin.
  mutating func validate() throws {
    guard deletionInterval.duration > .zero else { throw ValidationError("--deletion-interval is at least 1s") }
  }

  /// The default grace: nobody can use a URL any more, and a download begun with the last one has had an hour.
  static func defaultGrace(_ configuration: Configuration) -> Duration {
    configuration.limits.presignLifetime + .seconds(3600)
  }

  /// The services of a worker for its own locations; `worker` names the process.
  func services(
    targets: [any BlobStore], configuration: Configuration, catalog: Catalog, worker: String, logger: Logger
  ) -> [any Service] {
    var services: [any Service] = targets.map { store in
      ObjectSweeper(
        store: store, catalog: catalog, pace: ObjectSweeper.Pace(interval: deletionInterval.duration), logger: logger)
    }
    if gcInterval.duration > .zero {
      let plan = Collector.Plan(grace: gcGrace?.duration ?? Self.defaultGrace(configuration))
      services.append(
        CollectionService(
          collector: Collector(catalog: catalog, holder: worker, plan: plan, logger: logger),
          interval: gcInterval.duration, logger: logger))
    }
    return services
  }
}
