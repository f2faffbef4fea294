/// How claiming is paced.
struct FeedPace: Sendable {
  /// How long a claim lasts unless it is extended.
  var lease: Duration = .seconds(60)
  /// The most jobs claimed with one statement.
  var batch = 64
  /// The most messages taken from the queue with one call.
  var messages = 512
  /// How long one wait at the queue lasts.
  var doorbellWait: Duration = .seconds(5)
  /// The longest an idle feed waits before it looks for due rows, before jitter.
  var reconcileInterval: Duration = .seconds(3)
  /// How long a busy feed lets free slots gather, so that it does not claim jobs one by one.
  var gathering: Duration = .milliseconds(10)
  /// Messages a consumer took longer ago than this without acknowledging are taken over.
  var abandonedAfter: Duration = .seconds(60)
  /// How often a feed looks whether another feed's probe of a failing target has ended.
  var probeInterval: Duration = .seconds(1)
  /// The time between two claims while nothing can be copied.
  var brakeInterval: Duration = .seconds(1)
  /// How long copies of small blobs may go on after SIGTERM; those of large ones are cut at once.
  var shutdownGrace: Duration = .seconds(20)

  /// The reconcile interval with jitter, so that many workers do not look at one moment.
  var jitteredInterval: Duration { reconcileInterval * Double.random(in: 0.5...1.5) }

  /// How long to wait after that many failures in a row: doubling from 100 ms to 5 s, with jitter.
  static func backoff(afterFailures failures: Int) -> Duration {
    let ceiling = min(5.0, 0.1 * Double(1 << min(max(failures, 0), 10)))
    return .seconds(Double.random(in: 0.05...ceiling))
  }
}
