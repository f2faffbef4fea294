import Postgres
import Shared
import TestSupport
import Testing

@testable import ReplicationWorker

@Suite("Verification", .enabled(if: CatalogFixture.isEnabled, "MERIDIAN_TEST_POSTGRES is not set"))
struct VerificationTests {
  @Test("a missing object is put aside and an urgent job heals it; the good ones are noted as looked at")
  func missingObject() async throws {
    try await IntegrityWorld.with { world in
      for number in 0..<10 { try await world.push("blob \(number)") }
      let lost = try await world.push("lost")
      try await world.us.delete(lost.placement.key)
      _ = try await world.fixture.client.query("UPDATE placements SET checked_at = 1, verified_at = 1")
      try await world.service(of: world.us, .presence).round()
      #expect(
        try await world.state(of: "lost", at: world.fixture.us) == "quarantined: the object is missing")
      #expect(world.announced.all.map(\.target) == [world.fixture.us])
      #expect(world.announced.all.map(\.lane) == [.urgent])
      #expect(try await world.fixture.number("SELECT count(*) FROM placements WHERE checked_at > 1") == 10)
      #expect(try await world.fixture.number("SELECT count(*) FROM placements WHERE verified_at = 1") == 11)
      #expect(try await world.catalog.verificationAge(at: world.fixture.us, .presence)! < .seconds(60))
    }
  }

  @Test("copies that are not due yet are looked at where an operator asked for it, once")
  func requested() async throws {
    try await IntegrityWorld.with { world in
      for number in 0..<3 { try await world.push("blob \(number)") }
      let service = try world.service(of: world.us, .presence, age: .seconds(86_400), page: 2)
      try await service.round()
      #expect(try await world.catalog.sweeps(named: service.sweepName).first?.progress.contains("\"looked\":0") == true)
      #expect(try await world.catalog.requestVerification(at: world.fixture.us, .presence, by: "admin"))
      try await service.round()
      #expect(try await world.catalog.sweeps(named: service.sweepName).first?.progress.contains("\"looked\":3") == true)
      #expect(try await !world.catalog.isVerificationRequested(at: world.fixture.us, .presence))
      try await service.round()
      #expect(try await world.catalog.sweeps(named: service.sweepName).first?.progress.contains("\"looked\":0") == true)
    }
  }

  @Test("wrong bytes of the right size are found by hashing only; a wrong size by asking")
  func wrongObjects() async throws {
    try await IntegrityWorld.with { world in
      let flipped = try await world.push("good bytes")
      let short = try await world.push("another")
      _ = try await world.us.put(flipped.placement.key, bytes: Array("bad! bytes".utf8), attributes: .init())
      _ = try await world.us.put(short.placement.key, bytes: [1], attributes: .init())
      try await world.service(of: world.us, .presence).round()
      #expect(try await world.state(of: "good bytes", at: world.fixture.us) == "verified")
      #expect(try await world.state(of: "another", at: world.fixture.us) == "quarantined: the object has 1 bytes")
      try await world.service(of: world.us, .content).round()
      #expect(try await world.state(of: "good bytes", at: world.fixture.us).hasPrefix("quarantined: the bytes hash"))
    }
  }

  @Test("a store that is down, or denies access, is never read as objects missing")
  func storeDown() async throws {
    try await IntegrityWorld.with { world in
      for number in 0..<8 { try await world.push("blob \(number)") }
      for error in [
        StorageError.unreachable(detail: "connect"), .unavailable(status: 503, code: "x", retryAfter: nil),
        .accessDenied(code: "InvalidAccessKeyId"), .bucketMissing(name: "us"),
      ] {
        let store = FaultyBlobStore(try world.us)
        store.fail(.head, with: error, times: 1000)
        await #expect(throws: CopyVerifier.Suspicion.self) { try await world.service(of: store, .presence).round() }
      }
      // The bucket is gone although each HEAD says "no such object": the probe tells.
      let store = FaultyBlobStore(try world.us)
      store.fail(.probe, with: .bucketMissing(name: "us"), times: 1000)
      let key = try await world.push("x").placement.key
      try await world.us.delete(key)
      await #expect(throws: CopyVerifier.Suspicion.self) { try await world.service(of: store, .presence).round() }
      #expect(try await world.fixture.number("SELECT count(*) FROM placements WHERE state <> 'verified'") == 0)
    }
  }

  @Test("an emptied or exchanged bucket raises an alarm and puts nothing aside, until an operator says so")
  func lostBucket() async throws {
    try await IntegrityWorld.with { world in
      for number in 0..<30 { try await world.push("blob \(number)") }
      for key in try world.us.keys { try await world.us.delete(key) }
      do {
        try await world.service(of: world.us, .presence).round()
        Issue.record("no alarm")
      } catch let suspicion as CopyVerifier.Suspicion {
        guard case .bucketDoubtful(let bad, let looked, let found, _) = suspicion else {
          Issue.record("\(suspicion)")
          return
        }
        #expect(bad == 30 && looked == 30 && found == 0)
      }
      #expect(try await world.fixture.number("SELECT count(*) FROM placements WHERE state <> 'verified'") == 0)
      let due = try await world.catalog.copies(in: VerificationScope(), after: BlobID(rawValue: 0), nil, limit: 100)
      let page = try await world.verifier(of: world.us, mayDoubtBucket: false).verify(due, .presence)
      #expect(page.quarantined.count == 30)
    }
  }

  @Test("many losses in a bucket that is surely ours are healed")
  func partialLoss() async throws {
    try await IntegrityWorld.with { world in
      for number in 0..<60 { try await world.push("blob \(number)") }
      for key in try world.us.keys.prefix(6) { try await world.us.delete(key) }
      try await world.service(of: world.us, .presence).round()
      #expect(try await world.fixture.number("SELECT count(*) FROM placements WHERE state <> 'verified'") == 6)
    }
  }

  @Test("a copy nothing can be learned about does not hold up the others, and is tried again in the next round")
  func unreadableCopy() async throws {
    try await IntegrityWorld.with { world in
      for number in 0..<6 { try await world.push("blob \(number)") }
      _ = try await world.fixture.client.query("UPDATE placements SET checked_at = blob")
      let store = FaultyBlobStore(try world.us)
      store.fail(.head, with: .timedOut(phase: "first byte"))
      try await world.service(of: store, .presence, age: .seconds(60), page: 2).round()
      #expect(try await world.fixture.number("SELECT count(*) FROM placements WHERE checked_at > 1000") == 5)
      try await world.service(of: store, .presence, age: .seconds(60), page: 2).round()
      #expect(try await world.fixture.number("SELECT count(*) FROM placements WHERE checked_at > 1000") == 6)
    }
  }

  @Test("one worker at a time; a scope names what it covers")
  func scopesAndHolders() async throws {
    try await IntegrityWorld.with { world in
      try await world.push("a")
      try await world.push("b", at: world.fixture.eu)
      let sweep = try await world.catalog.claimSweep(
        "verify-presence:usstorage", holder: "other", lease: .seconds(60))
      #expect(sweep != nil)
      let store = FaultyBlobStore(try world.us)
      try await world.service(of: store, .presence).round()
      #expect(store.calls(.head) == 0)
      let all = VerificationScope()
      #expect(try await world.catalog.copyTotals(in: all).copies == 2)
      var eu = all
      eu.location = world.fixture.eu
      #expect(try await world.catalog.copyTotals(in: eu) == (1, 1))
      var digest = all
      digest.digest = world.fixture.digest("a")
      #expect(try await world.catalog.copies(in: digest, after: BlobID(rawValue: 0), nil, limit: 9).count == 1)
      var repository = all
      repository.repository = world.fixture.name
      #expect(try await world.catalog.copyTotals(in: repository).copies == 2)
      repository.repository = try RepositoryName(parsing: "team/none")
      #expect(try await world.catalog.copyTotals(in: repository).copies == 0)
    }
  }

  @Test func lossGuardCounts() {
    let lossGuard = LossGuard()
    #expect(!lossGuard.isSuspicious(bad: 3, of: 3))
    #expect(!lossGuard.isSuspicious(bad: 10, of: 200))
    #expect(lossGuard.isSuspicious(bad: 11, of: 200))
    #expect(lossGuard.isReassuring(found: 8, of: 16) && !lossGuard.isReassuring(found: 7, of: 16))
    #expect(!lossGuard.isReassuring(found: 0, of: 0))
  }
}
