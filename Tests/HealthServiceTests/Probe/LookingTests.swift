import Shared
import TestSupport
import Testing

@testable import HealthService

@Suite("Clocks, certificates and disks are judged by what was measured")
struct LookingTests {
  private func clock(_ references: [Int64], _ subjects: [Int64] = []) -> Sighting {
    ClockProbe.sighting(
      references: references, subjects: subjects, warnAfter: .seconds(30), failAfter: .seconds(300))
  }

  @Test func aClockIsOffAgainstTheMedianOfTheOthers() {
    #expect(clock([100, -400, 500]).read == .pass)
    #expect(clock([31_000, 31_000, 0]).read == .warn("a clock of this region is off by 31 s"))
    // One store with a wrong clock is its own trouble.
    #expect(clock([600_000, 0, 100, 50]).read == .pass)
    #expect(clock([600_000, 600_100, 599_900]).read == .fail("a clock of this region is off by 600 s"))
    // The API's clock counts as the region's.
    #expect(clock([0, 10, 20], [600_000]).read == .fail("a clock of this region is off by 600 s"))
    #expect(clock([]).read == .warn("no other clock could be asked"))
    #expect(clock([.max, .min]).read?.isSuccess == false)
  }

  @Test func aCertificateWarnsAndThenFails() {
    func seen(_ days: Int64) -> Sighting.Outcome? {
      CertificateProbe.sighting(endsAt: 1_000_000 + days * 86_400, nowSeconds: 1_000_000, warnDays: 14).read
    }
    #expect(seen(14) == .pass && seen(13) == .warn("a certificate expires in 13 days"))
    #expect(seen(0) == .fail("a certificate has expired"))
    #expect(CertificateProbe.sighting(endsAt: .min, nowSeconds: 1, warnDays: 14).read?.isSuccess == false)
  }

  @Test func aFullDiskKeepsPushesAwayAndPullsComing() async throws {
    func look(_ free: Int64) async throws -> Sighting {
      try await DiskProbe.make(paths: ["/a", "/b"], warnPercent: 5) { path in
        DiskProbe.Space(freeBytes: path == "/a" ? free : 900, totalBytes: 1000)
      }.look()
    }
    #expect(try await look(500).read == .pass)
    #expect(try await look(40) == Sighting(read: .warn("4.0 % of a disk is free"), values: try await look(40).values))
    let full = try await look(5)
    #expect(full.read?.isSuccess == true && full.write?.isSuccess == false)
    // The real one answers for the root of this machine.
    #expect(try await DiskProbe.make(paths: ["/"], warnPercent: 0).look().values["free_bytes"] ?? 0 > 0)
  }
}
