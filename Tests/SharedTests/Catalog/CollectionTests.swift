import Postgres
import Shared
import TestSupport
import Testing

@Suite("Garbage collection", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct CollectionTests {
  @Test("what a manifest or a lease holds stays; what nothing holds goes, with every object it had on record (I7)")
  func collectsOnlyGarbage() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("referenced")
      try await fixture.push("leased")
      let dead = try await fixture.push("dead", required: [fixture.us, fixture.eu])
      _ = try await fixture.catalog.putManifest(
        fixture.manifest("m", blobs: ["referenced"]), tags: [], in: fixture.repository)
      try await fixture.expireLinks(of: ["referenced", "dead"])
      let rehearsal = try await fixture.catalog.collectBlobs(
        after: BlobID(rawValue: 0), limit: 100, grace: .zero, isRehearsal: true)
      #expect(rehearsal.collected == 1 && rehearsal.bytes == 4)
      let links = try await fixture.catalog.collectLinks(after: .start, limit: 100)
      #expect(links.scanned == 3 && links.collected == 1 && links.next == nil)
      let blobs = try await fixture.catalog.collectBlobs(after: BlobID(rawValue: 0), limit: 100, grace: .seconds(600))
      #expect(blobs.scanned == 3 && blobs.collected == 1 && blobs.bytes == 4 && blobs.objects == 1)
      #expect(try await fixture.digests() == Set([fixture.digest("referenced"), fixture.digest("leased")]))
      #expect(try await fixture.number("SELECT count(*) FROM jobs WHERE blob = \(dead.blob.rawValue)") == 0)
      // The record waits for its grace.
      let places = [fixture.us, fixture.eu, fixture.ap]
      #expect(try await fixture.catalog.claimObjectDeletions(at: places, limit: 9, lease: .seconds(9)).isEmpty)
      let backlog = try await fixture.catalog.deletionBacklog()
      #expect(backlog.map(\.location) == [fixture.us] && backlog.first?.waiting == 1 && backlog.first?.due == 0)
    }
  }

  @Test("every object a blob had is put on record: copies good and bad, replaced ones, uploads of checkpoints")
  func recordsEveryObject() async throws {
    try await CatalogFixture.with { fixture in
      let first = try fixture.freshKey()
      let committed = try await fixture.push("x", key: first)
      _ = try await fixture.catalog.quarantine(
        Placement(location: fixture.us, key: first), of: committed.blob, reason: "test")
      let second = try fixture.freshKey()
      try await fixture.push("x", key: second)
      let bad = try fixture.freshKey()
      try await fixture.push("x", key: bad, location: fixture.eu)
      _ = try await fixture.catalog.quarantine(
        Placement(location: fixture.eu, key: bad), of: committed.blob, reason: "test")
      _ = try await fixture.client.query(
        """
        INSERT INTO copy_checkpoints (job, location, object_key, multipart_id, part_bytes, hash_state)
        SELECT id, target, 'registry/blobs/part', 'upload-1', 5, ''::bytea FROM jobs WHERE target = 'apstorage'
        """)
      try await fixture.expireLinks(of: ["x"])
      try await fixture.collect()
      let records = try await fixture.texts(
        "SELECT location || ' ' || object_key || ' ' || multipart_id FROM object_deletions ORDER BY 1")
      #expect(
        Set(records) == [
          "usstorage \(first) ", "usstorage \(second) ", "eustorage \(bad) ", "apstorage registry/blobs/part ",
          "apstorage registry/blobs/part upload-1",
        ])
      #expect(try await fixture.digests().isEmpty)
      #expect(try await fixture.number("SELECT count(*) FROM copy_checkpoints") == 0)
      // The tallies followed, although the blobs' sizes are gone.
      #expect(
        try await fixture.number(
          """
          SELECT coalesce(sum(objects), 0)::bigint FROM (
            SELECT objects FROM tallies UNION ALL SELECT objects FROM tally_deltas) t
          """) == 0)
    }
  }

  @Test("a manifest that comes while its links are looked at keeps them; one that comes later learns they are gone")
  func manifestRaces() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("a")
      try await fixture.expireLinks(of: ["a"])
      // The manifest waits for our lock and finds the link gone: it is refused, nothing dangles.
      let late = Gate()
      let put = Task {
        await late.pass()
        return try await fixture.catalog.putManifest(
          fixture.manifest("m", blobs: ["a"]), tags: [], in: fixture.repository)
      }
      let page = try await fixture.catalog.collectLinks(after: .start, limit: 10) {
        late.open()
        await fixture.waitUntilBlocked()
      }
      #expect(page.collected == 1)
      #expect(try await put.value == .blobsUnknown([fixture.digest("a")]))
      // The manifest is first: its transaction is open and holds the link, which is passed over.
      try await fixture.push("b")
      try await fixture.expireLinks(of: ["b"])
      let held = Gate()
      let holding = Task {
        try await fixture.client.transaction { transaction in
          _ = try await transaction.query(
            "SELECT 1::bigint FROM repository_blobs FOR KEY SHARE", [], deadline: nil)
          await held.pass()
        }
      }
      try await untilTrue {
        try await fixture.number(
          "SELECT count(*) FROM pg_locks WHERE mode = 'RowShareLock' AND relation = 'repository_blobs'::regclass") > 0
      }
      #expect(try await fixture.catalog.collectLinks(after: .start, limit: 10).collected == 0)
      held.open()
      try await holding.value
    }
  }

  @Test("a commit of the same digest during collection makes a blob of its own; its fresh objects are never hit (D2)")
  func commitRaces() async throws {
    try await CatalogFixture.with { fixture in
      let old = try fixture.freshKey()
      let first = try await fixture.push("x", key: old)
      try await fixture.expireLinks(of: ["x"])
      let during = Gate()
      let fresh = try fixture.freshKey()
      let push = Task {
        await during.pass()
        return try await fixture.push("x", key: fresh)
      }
      #expect(try await fixture.catalog.collectLinks(after: .start, limit: 10).collected == 1)
      let page = try await fixture.catalog.collectBlobs(after: BlobID(rawValue: 0), limit: 10, grace: .zero) {
        during.open()
        await fixture.waitUntilBlocked()
      }
      #expect(page.collected == 1)
      let second = try await push.value
      #expect(second.blob != first.blob && second.supersededKey == nil && second.jobs.count == 2)
      let due = try await fixture.catalog.claimObjectDeletions(at: [fixture.us], limit: 9, lease: .seconds(9))
      #expect(due.map(\.key) == [old])
      guard case .found(let found) = try await fixture.catalog.blob(fixture.digest("x"), in: fixture.name) else {
        Issue.record("the pushed blob is gone")
        return
      }
      #expect(found.placements.map(\.key) == [fresh])
    }
  }

  @Test("a commit that comes between the look and the lock keeps its blob")
  func commitBetweenLookAndLock() async throws {
    try await CatalogFixture.with { fixture in
      let kept = try await fixture.push("x")
      try await fixture.expireLinks(of: ["x"])
      #expect(try await fixture.catalog.collectLinks(after: .start, limit: 10).collected == 1)
      // Somebody else's lock on the blob: a push on its way. It is passed over.
      let gate = Gate()
      let holding = Task {
        try await fixture.client.transaction { transaction in
          _ = try await transaction.query("SELECT id FROM blobs FOR KEY SHARE", [], deadline: nil)
          await gate.pass()
        }
      }
      try await untilTrue {
        try await fixture.number(
          "SELECT count(*) FROM pg_locks WHERE mode = 'RowShareLock' AND relation = 'blobs'::regclass") > 0
      }
      #expect(
        try await fixture.catalog.collectBlobs(after: BlobID(rawValue: 0), limit: 10, grace: .zero).collected == 0)
      gate.open()
      try await holding.value
      #expect(try await fixture.push("x").blob == kept.blob)
      #expect(
        try await fixture.catalog.collectBlobs(after: BlobID(rawValue: 0), limit: 10, grace: .zero).collected == 0)
    }
  }

  @Test("a mount in progress keeps its source's link; a HEAD hit is told whether its lease holds")
  func mountAndHeadRaces() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("x")
      try await fixture.expireLinks(of: ["x"])
      let other = try RepositoryName(parsing: "team/other")
      let late = Gate()
      let mount = Task {
        await late.pass()
        return try await fixture.catalog.linkBlob(
          fixture.digest("x"), from: fixture.name, to: other, linkLease: .seconds(60))
      }
      let head = Task {
        await late.pass()
        return try await fixture.catalog.renewLink(fixture.digest("x"), in: fixture.name, linkLease: .seconds(60))
      }
      #expect(
        try await fixture.catalog.collectLinks(after: .start, limit: 10) {
          late.open()
          await fixture.waitUntilBlocked(2)
        }.collected == 1)
      #expect(try await mount.value == nil)
      #expect(try await head.value == false)
      // In time, both hold.
      try await fixture.push("y")
      try await fixture.expireLinks(of: ["y"])
      #expect(try await fixture.catalog.renewLink(fixture.digest("y"), in: fixture.name, linkLease: .seconds(60)))
      #expect(
        try await fixture.catalog.linkBlob(
          fixture.digest("y"), from: fixture.name, to: other, linkLease: .seconds(60)) != nil)
      try await fixture.collect()
      #expect(try await fixture.digests() == [fixture.digest("y")])
    }
  }

  @Test("a copy in flight delays collection; a job whose blob went ends without a trace but its object's record")
  func jobInFlight() async throws {
    try await CatalogFixture.with { fixture in
      let blob = try await fixture.push("x", required: [fixture.us, fixture.eu])
      let job = try #require(
        try await fixture.catalog.claimJobs(ids: blob.jobs.map(\.id), worker: "w", lease: .seconds(60)).first)
      try await fixture.expireLinks(of: ["x"])
      try await fixture.collect()
      #expect(try await fixture.digests() == [fixture.digest("x")])
      try await fixture.expireLeases()
      try await fixture.collect()
      #expect(try await fixture.digests().isEmpty)
      let key = try fixture.freshKey()
      let outcomes = try await fixture.catalog.completeJobs([fixture.completion(job, key: key)])
      #expect(outcomes[job.id] == .leaseLost)
      #expect(try await fixture.isOnRecordForDeletion(key))
    }
  }

  @Test("a record of a key that is a placement by then is not lost when its blob is collected")
  func recordOfALiveKeySurvives() async throws {
    try await CatalogFixture.with { fixture in
      let key = try fixture.freshKey()
      try await fixture.push("x", key: key)
      try await fixture.catalog.recordObjectDeletion(of: key, at: fixture.us, reason: "uncertain", grace: .zero)
      try await fixture.expireLinks(of: ["x"])
      try await fixture.collect(grace: .seconds(60))
      // The early record now has the later time, and the key is no placement any more.
      #expect(try await fixture.catalog.claimObjectDeletions(at: [fixture.us], limit: 9, lease: .seconds(9)).isEmpty)
      #expect(try await fixture.isOnRecordForDeletion(key))
    }
  }

  @Test("a deletion that fails is written down, comes again later and is reported")
  func failuresAreKept() async throws {
    try await CatalogFixture.with { fixture in
      let key = try fixture.freshKey()
      try await fixture.catalog.recordObjectDeletion(of: key, at: fixture.us, reason: "test", grace: .zero)
      let due = try await fixture.catalog.claimObjectDeletions(at: [fixture.us], limit: 9, lease: .seconds(9))
      try await fixture.catalog.failObjectDeletions(due.map { ($0, "the store said no") })
      let backlog = try #require(try await fixture.catalog.deletionBacklog().first)
      #expect(backlog.failing == 1 && backlog.due == 0 && backlog.lastError == "the store said no")
    }
  }

  @Test("untagged manifests go on request only; children of indexes and referrers of living subjects stay")
  func untaggedManifests() async throws {
    try await CatalogFixture.with { fixture in
      try await fixture.push("config")
      let put = { (name: String, tags: [String], children: [String], subject: String?) async throws in
        let outcome = try await fixture.catalog.putManifest(
          fixture.manifest(name, blobs: ["config"], children: children, subject: subject),
          tags: tags.map { try TagName(parsing: $0) }, in: fixture.repository)
        guard case .stored = outcome else {
          Issue.record("not stored: \(outcome)")
          return
        }
      }
      try await put("child", [], [], nil)
      try await put("index", ["latest"], ["child"], nil)
      try await put("signature", [], [], "index")
      try await put("loose", [], [], nil)
      try await put("signature of loose", [], [], "loose")
      let catalog = fixture.catalog
      #expect(try await catalog.collectUntagged(after: 0, olderThan: .seconds(60), limit: 50).collected == 0)
      #expect(
        try await catalog.collectUntagged(after: 0, olderThan: .zero, limit: 50, isRehearsal: true).collected == 1)
      #expect(try await catalog.collectUntagged(after: 0, olderThan: .zero, limit: 50).collected == 1)
      #expect(try await catalog.collectUntagged(after: 0, olderThan: .zero, limit: 50).collected == 1)
      #expect(try await catalog.collectUntagged(after: 0, olderThan: .zero, limit: 50).collected == 0)
      #expect(try await fixture.number("SELECT count(*) FROM manifests") == 3)
    }
  }

  @Test("pages go on after the last row looked at, whatever is removed")
  func pages() async throws {
    try await CatalogFixture.with { fixture in
      for number in 0..<40 { try await fixture.push("blob \(number)") }
      try await fixture.expireLinks()
      var position: LinkPosition? = .start
      var scanned = 0
      while let after = position {
        let page = try await fixture.catalog.collectLinks(after: after, limit: 16)
        scanned += page.scanned
        position = page.next
      }
      #expect(scanned == 40)
      var blob: BlobID? = BlobID(rawValue: 0)
      var collected = 0
      while let after = blob {
        let page = try await fixture.catalog.collectBlobs(after: after, limit: 16, grace: .zero)
        collected += page.collected
        blob = page.next
      }
      #expect(collected == 40)
    }
  }
}
