import Postgres
import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

/// What collection must come to, said in the plainest way: the reference the real catalog is compared with.
private struct ReferenceModel {
  struct Link: Hashable, Comparable {
    let repository: Int
    let text: String
    static func < (left: Link, right: Link) -> Bool { (left.repository, left.text) < (right.repository, right.text) }
  }

  var links: [Link: Bool] = [:]  // whether the lease runs
  var manifests: [String: (repository: Int, texts: Set<String>)] = [:]
  var blobs: Set<String> = []
  /// Blobs a worker holds a job of.
  var copying: Set<String> = []

  func isReferenced(_ link: Link) -> Bool {
    manifests.values.contains { $0.repository == link.repository && $0.texts.contains(link.text) }
  }

  mutating func collectLinks() -> Int {
    let dead = links.filter { !$0.value && !isReferenced($0.key) }
    for link in dead.keys { links[link] = nil }
    return dead.count
  }

  mutating func collectBlobs() -> Int {
    let linked = Set(links.keys.map(\.text))
    let dead = blobs.filter { !linked.contains($0) && !copying.contains($0) }
    blobs.subtract(dead)
    return dead.count
  }
}

@Suite("Collection against a model", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct CollectionModelTests {
  private static let texts = ["one", "two", "three", "four"]

  /// The same numbers for the same seed (SplitMix64).
  private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }

  @Test(
    "random pushes, mounts, deletes and copies with steps of collection between them",
    arguments: [1, 2, 3, 4] as [UInt64])
  func randomOperations(seed: UInt64) async throws {
    try await IntegrityWorld.with { world in
      var random = Seeded(state: seed)
      var model = ReferenceModel()
      var held: [ReplicationJob] = []
      let names = try (0..<3).map { try RepositoryName(parsing: "team/model\($0)") }
      var repositories: [RepositoryID] = []
      for name in names { repositories.append(try await world.catalog.ensureRepository(name)) }
      for step in 0..<120 {
        let text = Self.texts.randomElement(using: &random) ?? "one"
        let at = Int.random(in: 0..<3, using: &random)
        let link = ReferenceModel.Link(repository: at, text: text)
        let digest = world.fixture.digest(text)
        switch Int.random(in: 0..<12, using: &random) {
        case 0, 1:
          try await world.push(text, required: [world.fixture.us, world.fixture.eu], repository: repositories[at])
          model.links[link] = true
          model.blobs.insert(text)
        case 2:
          let to = Int.random(in: 0..<3, using: &random)
          let mounted = try await world.catalog.linkBlob(
            digest, from: names[at], to: names[to], linkLease: .seconds(3600))
          #expect((mounted != nil) == (model.links[link] != nil), "step \(step)")
          if mounted != nil { model.links[ReferenceModel.Link(repository: to, text: text)] = true }
        case 3:
          let isThere = try await world.catalog.renewLink(digest, in: names[at], linkLease: .seconds(3600))
          #expect(isThere == (model.links[link] != nil), "step \(step)")
          if isThere { model.links[link] = true }
        case 4, 5:
          let wanted = Set(Self.texts.shuffled(using: &random).prefix(2))
          let name = "manifest \(step)"
          let outcome = try await world.catalog.putManifest(
            world.fixture.manifest(name, blobs: wanted.sorted()), tags: [], in: repositories[at])
          let allLinked = wanted.allSatisfy {
            model.links[ReferenceModel.Link(repository: at, text: $0)] != nil
          }
          #expect((outcome == .stored) == allLinked, "step \(step): \(outcome)")
          if allLinked { model.manifests[name] = (at, wanted) }
        case 6:
          guard let name = model.manifests.keys.sorted().randomElement(using: &random),
            let manifest = model.manifests[name]
          else { continue }
          #expect(
            try await world.catalog.deleteManifest(
              world.fixture.digest(name), in: names[manifest.repository]) == .deleted)
          model.manifests[name] = nil
        case 7:
          let outcome = try await world.catalog.unlinkBlob(digest, in: names[at])
          if model.links[link] == nil {
            #expect(outcome == .unknown)
          } else if model.isReferenced(link) {
            #expect(outcome == .referenced)
          } else {
            #expect(outcome == .unlinked)
            model.links[link] = nil
          }
        case 8:
          try await world.fixture.expireLinks()
          for link in model.links.keys { model.links[link] = false }
        case 9:
          try await copy(world, &held, &model, &random)
        case 10:
          #expect(
            try await world.catalog.collectLinks(after: .start, limit: 64).collected == model.collectLinks(),
            "step \(step)")
          #expect(
            try await world.catalog.collectBlobs(after: BlobID(rawValue: 0), limit: 64, grace: .zero).collected
              == model.collectBlobs(), "step \(step)")
        default: try await world.sweepAll()
        }
        try await check(world, model, repositories)
      }
      try await end(world, model, names)
    }
  }

  /// Either takes jobs and keeps them, or reports those that were kept, whatever has become of their blobs.
  private func copy(
    _ world: IntegrityWorld, _ held: inout [ReplicationJob], _ model: inout ReferenceModel, _ random: inout Seeded
  ) async throws {
    if held.isEmpty {
      let ids = try await world.fixture.texts("SELECT id FROM jobs WHERE state = 'queued'").compactMap { Int64($0) }
      held = try await world.catalog.claimJobs(
        ids: ids.map { JobID(rawValue: $0) }, worker: "w", lease: .seconds(3600))
      model.copying = Set(Self.texts.filter { text in held.contains { $0.digest == world.fixture.digest(text) } })
      return
    }
    if Bool.random(using: &random) { try await world.fixture.expireLeases() }
    for job in held {
      guard let text = Self.texts.first(where: { world.fixture.digest($0) == job.digest }) else { continue }
      let store = try world.store(job.target)
      let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
      _ = try await store.put(key, bytes: Array(text.utf8), attributes: ObjectAttributes())
      _ = try await world.catalog.completeJobs([world.fixture.completion(job, key: key)])
    }
    held = []
    model.copying = []
  }

  /// The links, the blobs and the manifests are those of the model, and every placement has its bytes (I2, I4).
  private func check(
    _ world: IntegrityWorld, _ model: ReferenceModel, _ repositories: [RepositoryID]
  ) async throws {
    let digests = Dictionary(Self.texts.map { (world.fixture.digest($0).description, $0) }) { first, _ in first }
    let links = try await world.fixture.client.query(
      "SELECT l.repository, b.digest FROM repository_blobs l JOIN blobs b ON b.id = l.blob")
    var found: Set<ReferenceModel.Link> = []
    for row in links.rows {
      guard case .int(let id) = try row.value(0), case .text(let digest) = try row.value(1),
        let at = repositories.firstIndex(where: { $0.rawValue == id }), let text = digests[digest]
      else { continue }
      found.insert(ReferenceModel.Link(repository: at, text: text))
    }
    #expect(found == Set(model.links.keys))
    #expect(try await world.fixture.digests() == Set(model.blobs.map { world.fixture.digest($0) }))
    let copies = try await world.catalog.copies(in: VerificationScope(), after: BlobID(rawValue: 0), nil, limit: 100)
    for copy in copies {
      let inspector = CopyInspector(store: try world.store(copy.placement.location))
      #expect(try await inspector.look(at: copy, .content) == .good)
    }
  }

  /// With everything deleted and collected, nothing is left anywhere.
  private func end(_ world: IntegrityWorld, _ model: ReferenceModel, _ names: [RepositoryName]) async throws {
    for (name, manifest) in model.manifests {
      _ = try await world.catalog.deleteManifest(world.fixture.digest(name), in: names[manifest.repository])
    }
    try await world.fixture.expireLinks()
    try await world.fixture.expireLeases()
    try await world.fixture.collect()
    try await world.sweepAll()
    for store in world.stores.values { #expect(store.keys.isEmpty) }
    #expect(try await world.fixture.number("SELECT count(*) FROM object_deletions") == 0)
    #expect(try await world.fixture.number("SELECT count(*) FROM blobs") == 0)
  }

  @Test("clients that push, mount or skip and then put a manifest are never told that a blob is unknown (I7, I8)")
  func concurrentClients() async throws {
    try await IntegrityWorld.with { world in
      let names = try (0..<3).map { try RepositoryName(parsing: "team/race\($0)") }
      var repositories: [RepositoryID] = []
      for name in names { repositories.append(try await world.catalog.ensureRepository(name)) }
      let collecting = Task {
        while !Task.isCancelled {
          _ = try await world.catalog.collectLinks(after: .start, limit: 100)
          _ = try await world.catalog.collectBlobs(after: BlobID(rawValue: 0), limit: 100, grace: .zero)
          try await world.sweepAll()
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for client in 0..<4 {
          group.addTask { [repositories] in
            var random = Seeded(state: UInt64(client) + 100)
            for round in 0..<30 {
              let text = Self.texts.randomElement(using: &random) ?? "one"
              let at = Int.random(in: 0..<3, using: &random)
              let from = Int.random(in: 0..<3, using: &random)
              let digest = world.fixture.digest(text)
              // Short, so that leases pass all the time; what is late by it proves nothing and is let be.
              let lease = Duration.milliseconds(300)
              let asked = ContinuousClock.now
              var isThere = try await world.catalog.renewLink(digest, in: names[at], linkLease: lease)
              if !isThere {
                isThere =
                  try await world.catalog.linkBlob(digest, from: names[from], to: names[at], linkLease: lease) != nil
              }
              if !isThere { try await world.push(text, repository: repositories[at], linkLease: lease) }
              let name = "manifest \(client) \(round)"
              let outcome = try await world.catalog.putManifest(
                world.fixture.manifest(name, blobs: [text]), tags: [], in: repositories[at])
              guard outcome == .stored else {
                #expect(asked.duration(to: .now) > lease, "client \(client), round \(round): \(outcome)")
                continue
              }
              guard case .found(let blob) = try await world.catalog.blob(digest, in: names[at]),
                let copy = blob.placements.first
              else {
                Issue.record("a live blob cannot be found")
                continue
              }
              #expect(try await world.store(copy.location).head(copy.key) != nil)
              _ = try await world.catalog.deleteManifest(world.fixture.digest(name), in: names[at])
            }
          }
        }
        try await group.waitForAll()
      }
      collecting.cancel()
      // Its end is the cancellation.
      _ = await collecting.result
      try await end(world, ReferenceModel(), names)
    }
  }

  @Test("a round is taken up where another process stopped, and does not begin again too soon")
  func rounds() async throws {
    try await IntegrityWorld.with { world in
      for number in 0..<40 { try await world.push("blob \(number)") }
      try await world.fixture.expireLinks()
      var plan = Collector.Plan(grace: .zero)
      plan.page = 16
      plan.rowsPerSecond = 0
      let collector = Collector(
        catalog: world.catalog, holder: "a", plan: plan,
        metrics: CollectionMetrics(registry: MetricsRegistry()), logger: world.logger)
      #expect(try await collector.rehearse().blobs == 40)
      guard case .done(let tally, let isWhole) = try await collector.round() else {
        Issue.record("no round")
        return
      }
      #expect(isWhole && tally.links == 40 && tally.blobs == 40 && tally.objects == 40 && tally.linksSeen == 40)
      #expect(try await collector.round(notWithin: .seconds(60)) == .notNow)
      // A round another process was killed in.
      let sweep = try #require(
        try await world.catalog.claimSweep(Collector.sweep, holder: "dead", lease: .zero))
      _ = try await world.catalog.saveSweep(
        sweep, cursor: CollectionCursor.blobs(after: BlobID(rawValue: 7)).description, progress: #"{"links":3}"#,
        lease: .zero)
      guard case .done(_, let whole) = try await collector.round() else {
        Issue.record("not taken up")
        return
      }
      #expect(!whole)
      // A deletion that fails keeps its record; nothing else does.
      let store = FaultyBlobStore(try world.us)
      store.fail(.delete, with: .unavailable(status: 500, code: "x", retryAfter: nil), times: 1)
      _ = try await world.fixture.client.query("UPDATE object_deletions SET not_before = 0")
      var pace = ObjectSweeper.Pace()
      pace.parallel = 1
      let sweeper = ObjectSweeper(
        store: store, catalog: world.catalog, pace: pace, metrics: CollectionMetrics(registry: MetricsRegistry()),
        logger: world.logger)
      let first = try await sweeper.sweep()
      #expect(first.claimed == 40 && first.failed == 40 && first.deleted == 0)
      #expect(try await world.catalog.deletionBacklog().first?.failing == 40)
      try await world.sweepAll()
      #expect(try await world.catalog.deletionBacklog().isEmpty)
      #expect(try world.us.keys.isEmpty)
    }
  }
}
