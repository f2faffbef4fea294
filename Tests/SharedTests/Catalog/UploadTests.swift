import Postgres
import Shared
import TestSupport
import Testing

@Suite("Upload sessions", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct UploadTests {
  private struct NotLocked: Error {
    let lock: UploadLock
  }

  private let principal = "alice"

  private func begin(_ fixture: CatalogFixture, lifetime: Duration = .seconds(3600)) async throws -> UploadSession {
    let id = RandomIdentifier()
    try await fixture.catalog.beginUpload(
      id: id, repository: fixture.repository, principal: principal, location: fixture.us, key: fixture.freshKey(),
      hashState: [1, 2, 0, 255], lifetime: lifetime)
    return try #require(try await fixture.catalog.upload(id, in: fixture.name, principal: principal))
  }

  private func lock(
    _ fixture: CatalogFixture, _ id: UploadID, _ token: RandomIdentifier, lease: Duration = .seconds(60)
  ) async throws -> UploadLock {
    try await fixture.catalog.lockUpload(id, in: fixture.name, principal: principal, token: token, lease: lease)
  }

  private func locked(_ lock: UploadLock) throws -> UploadSession {
    guard case .locked(let session) = lock else { throw NotLocked(lock: lock) }
    return session
  }

  @Test("a session is found only in its repository and by its principal")
  func isBound() async throws {
    try await CatalogFixture.with { fixture in
      let session = try await begin(fixture)
      #expect(session.hashState == [1, 2, 0, 255])
      #expect(session.offsetBytes == 0)
      let other = try RepositoryName(parsing: "team/other")
      _ = try await fixture.catalog.ensureRepository(other)
      #expect(try await fixture.catalog.upload(session.id, in: other, principal: principal) == nil)
      #expect(try await fixture.catalog.upload(session.id, in: fixture.name, principal: "mallory") == nil)
      #expect(
        try await fixture.catalog.lockUpload(
          session.id, in: fixture.name, principal: "mallory", token: .init(), lease: .seconds(9)) == .unknown)
    }
  }

  @Test("the same id twice is refused")
  func refusesTakenID() async throws {
    try await CatalogFixture.with { fixture in
      let session = try await begin(fixture)
      await #expect(throws: CatalogError.conflict(.uploadExists)) {
        try await fixture.catalog.beginUpload(
          id: session.id, repository: fixture.repository, principal: principal, location: fixture.us,
          key: fixture.freshKey(), hashState: [], lifetime: .seconds(9))
      }
    }
  }

  @Test("one writer at a time, across two instances; the other one is told to be busy, then goes on")
  func contention() async throws {
    try await CatalogFixture.with { fixture in
      let elsewhere = PostgresClient(PostgresConfiguration(uri: fixture.uri))
      let second = Catalog(database: PostgresSQLDatabase(elsewhere))
      let session = try await begin(fixture)
      let tokens = (0..<8).map { _ in RandomIdentifier() }
      let locks = try await withThrowingTaskGroup(of: UploadLock.self) { group in
        for (number, token) in tokens.enumerated() {
          group.addTask {
            try await (number.isMultiple(of: 2) ? fixture.catalog : second).lockUpload(
              session.id, in: fixture.name, principal: "alice", token: token, lease: .seconds(60))
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(locks.filter { $0 == .busy }.count == 7)
      for token in tokens { try await fixture.catalog.unlockUpload(session.id, token: token) }
      _ = try locked(
        try await second.lockUpload(
          session.id, in: fixture.name, principal: principal, token: .init(), lease: .seconds(60)))
      await second.close()
    }
  }

  @Test("another instance continues from the checkpoint: offset, hash state, parts in order, tail")
  func continues() async throws {
    try await CatalogFixture.with { fixture in
      let id = try await begin(fixture).id
      let token = RandomIdentifier()
      var session = try locked(try await lock(fixture, id, token))
      session.multipartID = "mp'1\"%"
      for number in [1, 2, 10] { session.add(.init(number: number, sizeBytes: 5 << 20, tag: "\"tag \(number)\"")) }
      session.offsetBytes = 15 << 20
      session.hashState = [9, 0, 9]
      session.tail = UploadTail(key: try fixture.freshKey(), sizeBytes: 77)
      session = try await fixture.catalog.checkpointUpload(session, token: token)
      #expect(session.version == 1)
      #expect(session.unsavedParts.isEmpty)
      let firstTail = try #require(session.tail)
      session.add(.init(number: 11, sizeBytes: 1, tag: "x"))
      session.tail = nil
      session = try await fixture.catalog.checkpointUpload(session, token: token, unlocking: true)
      #expect(try await fixture.isOnRecordForDeletion(firstTail.key))
      let next = try locked(try await lock(fixture, id, RandomIdentifier()))
      #expect(next == session)
      #expect(next.parts.map(\.number) == [1, 2, 10, 11])
      #expect(next.parts.first?.tag == "\"tag 1\"")
    }
  }

  @Test("whoever lost the lock cannot write: checkpoint, extension, commit and deletion are refused")
  func refusesAfterLoss() async throws {
    try await CatalogFixture.with { fixture in
      let id = try await begin(fixture).id
      let (late, current) = (RandomIdentifier(), RandomIdentifier())
      var stale = try locked(try await lock(fixture, id, late, lease: .zero))
      let fresh = try locked(try await lock(fixture, id, current))
      stale.offsetBytes = 5
      stale.add(.init(number: 1, sizeBytes: 5, tag: "t"))
      stale.tail = UploadTail(key: try fixture.freshKey(), sizeBytes: 1)
      let written = stale
      await #expect(throws: CatalogError.conflict(.uploadLockLost)) {
        try await fixture.catalog.checkpointUpload(written, token: late)
      }
      #expect(try await fixture.catalog.extendUploadLock(id, token: late, lease: .seconds(60)) == false)
      #expect(try await fixture.catalog.deleteUpload(id, token: late) == false)
      await #expect(throws: CatalogError.conflict(.uploadLockLost)) {
        try await fixture.catalog.commitBlob(
          BlobCommit(
            repository: fixture.repository, digest: fixture.digest("x"), sizeBytes: 1, location: fixture.us,
            key: fixture.freshKey(), upload: .init(id: id, token: late)))
      }
      #expect(try await fixture.number("SELECT count(*) FROM blobs") == 0)
      #expect(try await fixture.catalog.extendUploadLock(id, token: current, lease: .seconds(60)))
      #expect(try await fixture.catalog.upload(id, in: fixture.name, principal: principal) == fresh)
    }
  }

  @Test("the commit ends its session; what the session left besides the blob is on record for deletion")
  func commitEndsSession() async throws {
    try await CatalogFixture.with { fixture in
      let id = try await begin(fixture).id
      let token = RandomIdentifier()
      var session = try locked(try await lock(fixture, id, token))
      session.tail = UploadTail(key: try fixture.freshKey(), sizeBytes: 3)
      session = try await fixture.catalog.checkpointUpload(session, token: token)
      let tail = try #require(session.tail)
      // The tail is all there is, so it is the blob (D11).
      _ = try await fixture.catalog.commitBlob(
        BlobCommit(
          repository: fixture.repository, digest: fixture.digest("abc"), sizeBytes: 3, location: fixture.us,
          key: tail.key, upload: .init(id: id, token: token)))
      #expect(try await fixture.catalog.upload(id, in: fixture.name, principal: principal) == nil)
      #expect(try await fixture.isOnRecordForDeletion(tail.key) == false)
      #expect(try await fixture.isOnRecordForDeletion(session.key))
    }
  }

  @Test("sessions not touched for their lifetime end, and nothing they wrote is forgotten (I7)")
  func expires() async throws {
    try await CatalogFixture.with { fixture in
      let id = try await begin(fixture).id
      let kept = try await begin(fixture)
      let token = RandomIdentifier()
      var session = try locked(try await lock(fixture, id, token))
      session.multipartID = "mp-1"
      session.tail = UploadTail(key: try fixture.freshKey(), sizeBytes: 3)
      _ = try await fixture.catalog.checkpointUpload(session, token: token, unlocking: true)
      _ = try await fixture.client.query(
        "UPDATE upload_sessions SET expires_at = now_ms() - 1 WHERE id = $1", [.text(id.hex)])
      #expect(try await fixture.catalog.expiredUploads(limit: 10).map(\.id) == [id])
      #expect(try await fixture.catalog.upload(id, in: fixture.name, principal: principal) == nil)
      #expect(try await fixture.catalog.expireUploads(limit: 10) == 1)
      #expect(try await fixture.catalog.expireUploads(limit: 10) == 0)
      _ = try await fixture.client.query("UPDATE object_deletions SET not_before = 0")
      let due = try await fixture.catalog.claimObjectDeletions(at: [fixture.us], limit: 10, lease: .seconds(60))
      #expect(Set(due.map(\.multipartID)) == [nil, "mp-1"])
      #expect(Set(due.map(\.key)) == Set([session.key, session.tail?.key].compactMap { $0 }))
      #expect(try await fixture.catalog.claimObjectDeletions(at: [fixture.us], limit: 9, lease: .seconds(9)).isEmpty)
      try await fixture.catalog.finishObjectDeletions(due)
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 0)
      #expect(try await fixture.catalog.upload(kept.id, in: fixture.name, principal: principal) != nil)
    }
  }

  @Test("a recorded deletion of a key that is a placement is dropped, not carried out (I2)")
  func sparesPlacements() async throws {
    try await CatalogFixture.with { fixture in
      let key = try fixture.freshKey()
      try await fixture.push("live", key: key)
      try await fixture.catalog.recordObjectDeletion(of: key, at: fixture.us, reason: "unknown outcome", grace: .zero)
      #expect(try await fixture.catalog.claimObjectDeletions(at: [fixture.us], limit: 9, lease: .seconds(9)).isEmpty)
      #expect(try await fixture.number("SELECT count(*) FROM object_deletions") == 0)
    }
  }
}
