import Logging
import Postgres
import Shared
import Synchronization
import TestSupport

@testable import ReplicationWorker

/// A catalog and the three stores it speaks of, for tests of collection, verification and comparison.
struct IntegrityWorld: Sendable {
  let fixture: CatalogFixture
  let stores: [LocationID: MemoryStore]
  let announced = Recorder()
  /// Added to the stores' clocks.
  let clockMs: Mutable

  final class Mutable: Sendable {
    private let value = Mutex<Int64>(1_000_000_000_000)
    var now: Int64 { value.withLock { $0 } }
    func advance(by duration: Duration) { value.withLock { $0 += Int64(duration / .milliseconds(1)) } }
  }

  final class Recorder: Sendable {
    private let jobs = Mutex<[JobAnnouncement]>([])
    var all: [JobAnnouncement] { jobs.withLock { $0 } }
    func record(_ more: [JobAnnouncement]) { jobs.withLock { $0 += more } }
  }

  var catalog: Catalog { fixture.catalog }
  var us: MemoryStore { get throws { try store(fixture.us) } }
  var eu: MemoryStore { get throws { try store(fixture.eu) } }
  let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  struct NoStore: Error {}

  func store(_ location: LocationID) throws -> MemoryStore {
    guard let store = stores[location] else { throw NoStore() }
    return store
  }

  static func with(_ body: (IntegrityWorld) async throws -> Void) async throws {
    try await CatalogFixture.with { fixture in
      let clock = Mutable()
      var stores: [LocationID: MemoryStore] = [:]
      for location in [fixture.us, fixture.eu, fixture.ap] {
        guard let path = StoragePath("registry") else { throw NoStore() }
        stores[location] = MemoryStore(location: location, storagePath: path, nowMs: { clock.now })
      }
      try await body(IntegrityWorld(fixture: fixture, stores: stores, clockMs: clock))
    }
  }

  /// Stores a text as a push at a location does and commits it.
  @discardableResult
  func push(
    _ text: String, at location: LocationID? = nil, required: [LocationID]? = nil, repository: RepositoryID? = nil,
    linkLease: Duration = .seconds(3600)
  ) async throws -> PlacedBlob {
    let store = try store(location ?? fixture.us)
    let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
    _ = try await store.put(key, bytes: Array(text.utf8), attributes: ObjectAttributes())
    let size = Int64(text.utf8.count)
    let committed = try await catalog.commitBlob(
      BlobCommit(
        repository: repository ?? fixture.repository, digest: fixture.digest(text), sizeBytes: size,
        location: store.location, key: key, defaultLocations: required ?? [store.location], linkLease: linkLease))
    return PlacedBlob(
      blob: committed.blob, digest: fixture.digest(text), sizeBytes: size,
      placement: Placement(location: store.location, key: key))
  }

  func verifier(of store: any BlobStore, mayDoubtBucket: Bool = true) -> CopyVerifier {
    CopyVerifier(
      store: store, catalog: catalog, inspector: CopyInspector(store: store), mayDoubtBucket: mayDoubtBucket,
      announce: { [announced] in announced.record($0) }, logger: logger)
  }

  func service(
    of store: any BlobStore, _ depth: VerificationDepth, age: Duration = .zero, page: Int = 100,
    holder: String = "worker"
  ) -> VerificationService {
    VerificationService(
      verifier: verifier(of: store), depth: depth, holder: holder,
      pace: VerificationService.Pace(age: age, page: page), admit: {}, logger: logger)
  }

  func repair(
    of store: any BlobStore, mayChange: Bool, grace: Duration = .seconds(3600), page: Int = 1000,
    trusting: Bool = false
  ) -> DriftRepair {
    DriftRepair(
      store: store, catalog: catalog,
      plan: DriftRepair.Plan(
        mayChange: mayChange, grace: grace, mayDoubtBucket: !trusting, mayDoubtDatabase: !trusting, page: page),
      announce: { [announced] in announced.record($0) }, logger: logger)
  }

  /// Runs a comparison to its end.
  func compare(_ repair: DriftRepair) async throws -> DriftTally {
    var tally = DriftTally()
    var listing = DriftRepair.Listing()
    var cursor: DriftCursor? = .start
    while let at = cursor { cursor = try await repair.step(at, &listing, &tally) }
    return tally
  }

  /// Deletes everything that is on record, at once.
  func sweepAll() async throws {
    _ = try await fixture.client.query("UPDATE object_deletions SET not_before = 0")
    for store in stores.values {
      _ = try await ObjectSweeper(
        store: store, catalog: catalog, metrics: CollectionMetrics(registry: MetricsRegistry()), logger: logger
      ).sweep()
    }
  }

  /// The state and the reason of the copy of a text at a location.
  func state(of text: String, at location: LocationID) async throws -> String {
    try await fixture.texts(
      """
      SELECT p.state || coalesce(': ' || p.reason, '') FROM placements p JOIN blobs b ON b.id = p.blob
      WHERE b.digest = $1 AND p.location = $2
      """, [.text(fixture.digest(text).description), .text(location.description)]
    ).first ?? "none"
  }
}
