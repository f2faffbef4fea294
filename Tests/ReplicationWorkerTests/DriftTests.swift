import Postgres
import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("Comparison of buckets", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct DriftTests {
  /// Thirty good copies, a missing one, a wrong one, an orphan, a foreign object, a stale upload.
  private func disturb(_ world: IntegrityWorld) async throws -> ObjectKey {
    for number in 0..<30 { try await world.push("blob \(number)") }
    let us = try world.us
    try await us.delete(world.push("missing").placement.key)
    _ = try await us.put(world.push("wrong").placement.key, bytes: [7], attributes: .init())
    let orphan = ObjectKey.blob(storagePath: us.storagePath, identifier: RandomIdentifier())
    _ = try await us.put(orphan, bytes: [1, 2], attributes: .init())
    _ = try await us.put(ObjectKey(parsing: "registry/sha256/ab/foreign"), bytes: [1], attributes: .init())
    _ = try await us.beginMultipart(
      .blob(storagePath: us.storagePath, identifier: RandomIdentifier()), attributes: .init())
    return orphan
  }

  @Test("differences are found at any page size and nothing is changed without leave", arguments: [1, 2, 7, 1000])
  func finds(page: Int) async throws {
    try await IntegrityWorld.with { world in
      _ = try await disturb(world)
      var tally = try await world.compare(world.repair(of: world.us, mayChange: false, page: page))
      #expect(tally.orphans == 0 && tally.staleUploads == 0, "everything is young")
      world.clockMs.advance(by: .seconds(7200))
      tally = try await world.compare(world.repair(of: world.us, mayChange: false, page: page))
      #expect(tally.objects == 33 && tally.placements == 32 && tally.matched == 30)
      #expect(tally.missing == 1 && tally.wrongSize == 1 && tally.orphans == 1 && tally.orphanBytes == 2)
      #expect(tally.foreign == 1 && tally.staleUploads == 1 && tally.mended == 0 && tally.doubt == nil)
      #expect(try await world.fixture.number("SELECT count(*) FROM object_deletions") == 0)
      #expect(try await world.fixture.number("SELECT count(*) FROM placements WHERE state <> 'verified'") == 0)
    }
  }

  @Test("mended: bad copies are put aside with a job, orphans and stale uploads deleted, foreign objects left alone")
  func mends() async throws {
    try await IntegrityWorld.with { world in
      let orphan = try await disturb(world)
      world.clockMs.advance(by: .seconds(7200))
      let tally = try await world.compare(world.repair(of: world.us, mayChange: true))
      #expect(tally.drift == 4 && tally.mended == 4)
      #expect(world.announced.all.count == 2)
      #expect(try await world.state(of: "missing", at: world.fixture.us) == "quarantined: the object is missing")
      try await world.sweepAll()
      #expect(try await world.us.head(orphan) == nil)
      #expect(try await world.us.head(ObjectKey(parsing: "registry/sha256/ab/foreign")) != nil)
      #expect(try await world.us.listMultipart(after: nil, limit: 10).uploads.isEmpty)
      let again = try await world.compare(world.repair(of: world.us, mayChange: true))
      #expect(again.drift == 0)
    }
  }

  @Test("what an upload, a checkpoint or a record still needs is no orphan, however old")
  func spares() async throws {
    try await IntegrityWorld.with { world in
      let us = try world.us
      let fresh = { ObjectKey.blob(storagePath: us.storagePath, identifier: RandomIdentifier()) }
      try await world.push("kept")
      let id = UploadID()
      let object = fresh()
      try await world.catalog.beginUpload(
        id: id, repository: world.fixture.repository, principal: "alice", location: us.location, key: object,
        hashState: [], lifetime: .seconds(3600))
      let tail = fresh()
      let upload = try await us.beginMultipart(object, attributes: .init())
      _ = try await world.fixture.client.query(
        "UPDATE upload_sessions SET tail_key = $1, tail_size = 1, multipart_id = $2",
        [.text(tail.description), .text(upload.id)])
      let copied = fresh()
      let copy = try await us.beginMultipart(copied, attributes: .init())
      try await world.push("copied", at: world.fixture.eu, required: [world.fixture.us])
      _ = try await world.fixture.client.query(
        """
        INSERT INTO copy_checkpoints (job, location, object_key, multipart_id, part_bytes, hash_state)
        SELECT id, target, $1, $2, 5, ''::bytea FROM jobs
        """, [.text(copied.description), .text(copy.id)])
      let recorded = fresh()
      try await world.catalog.recordObjectDeletion(of: recorded, at: us.location, reason: "test")
      for key in [object, tail, copied, recorded] { _ = try await us.put(key, bytes: [1], attributes: .init()) }
      world.clockMs.advance(by: .seconds(7200))
      let tally = try await world.compare(world.repair(of: us, mayChange: true))
      #expect(tally.drift == 0 && tally.spared == 6 && tally.doubt == nil)
      // A copy that is being made, or was a moment ago, keeps its checkpoint.
      #expect(try await world.catalog.expireCheckpoints(at: us.location, olderThan: .seconds(60), limit: 9) == 0)
      // Nor does a record take away what is in use by then.
      for key in [object, tail, copied] {
        try await world.catalog.recordObjectDeletion(of: key, at: us.location, reason: "test", grace: .zero)
      }
      try await world.sweepAll()
      #expect(us.keys.count == 4)
      #expect(try await us.head(recorded) == nil)
      // One that nobody goes on with is given up, and its upload goes.
      #expect(try await world.catalog.expireCheckpoints(at: us.location, olderThan: .zero, limit: 9) == 1)
      try await world.sweepAll()
      #expect(try await us.listMultipart(after: nil, limit: 9).uploads.map(\.id) == [upload.id])
    }
  }

  @Test("a database that knows nothing, or next to nothing, of a bucket deletes nothing from it")
  func doubtsTheDatabase() async throws {
    try await IntegrityWorld.with { world in
      let us = try world.us
      for number in 0..<40 {
        _ = try await us.put(
          .blob(storagePath: us.storagePath, identifier: RandomIdentifier()), bytes: [UInt8(number)],
          attributes: .init())
      }
      world.clockMs.advance(by: .seconds(7200))
      var tally = try await world.compare(world.repair(of: us, mayChange: true))
      #expect(tally.orphans == 40 && tally.mended == 0 && tally.doubt != nil)
      try await world.push("one")
      tally = try await world.compare(world.repair(of: us, mayChange: true))
      #expect(tally.orphans == 40 && tally.mended == 0 && tally.doubt != nil)
      tally = try await world.compare(world.repair(of: us, mayChange: true, trusting: true))
      #expect(tally.orphans == 40 && tally.mended == 40 && tally.doubt == nil)
      try await world.sweepAll()
      #expect(us.keys.count == 1)
    }
  }

  @Test("a lost bucket stops the comparison; nothing is put aside")
  func doubtsTheBucket() async throws {
    try await IntegrityWorld.with { world in
      for number in 0..<30 { try await world.push("blob \(number)") }
      for key in try world.us.keys { try await world.us.delete(key) }
      await #expect(throws: CopyVerifier.Suspicion.self) {
        try await world.compare(world.repair(of: world.us, mayChange: true))
      }
      #expect(try await world.fixture.number("SELECT count(*) FROM placements WHERE state <> 'verified'") == 0)
    }
  }

  @Test func mintedKeys() throws {
    let path = try #require(StoragePath("registry"))
    let blob = ObjectKey.blob(storagePath: path, identifier: RandomIdentifier())
    let canary = ObjectKey.canary(storagePath: path, name: RandomIdentifier())
    #expect(MintedKey.parse(blob.description, under: path) == blob)
    #expect(MintedKey.parse(canary.description, under: path) == canary)
    let hex = RandomIdentifier().hex
    for name in [
      "registry/blobs/\(hex)", "registry/blobs/zz/\(hex)", "registry/blobs/\(hex.prefix(2))/\(hex)x",
      "blobs/\(hex.prefix(2))/\(hex)", "registry/sha256/\(hex.prefix(2))/\(hex)", "registry/", "",
    ] { #expect(MintedKey.parse(name, under: path) == nil) }
  }

  @Test func cursorsComeBack() throws {
    for cursor in [DriftCursor.objects(after: "a b\"ü"), .uploads(afterName: "x", afterID: "y\n")] {
      #expect(DriftCursor(text: try cursor.text()) == cursor)
    }
    #expect(DriftCursor(text: "{}") == nil)
    for cursor in [
      CollectionCursor.untagged(after: 3), .blobs(after: BlobID(rawValue: 9)),
      .links(after: LinkPosition(repository: RepositoryID(rawValue: 1), blob: BlobID(rawValue: 2))),
    ] { #expect(CollectionCursor(cursor.description) == cursor) }
    #expect(CollectionCursor("links 1") == nil && CollectionCursor("blobs x") == nil && CollectionCursor("") == nil)
    #expect(VerificationPosition(text: VerificationPosition.start.text) == .start)
  }
}
