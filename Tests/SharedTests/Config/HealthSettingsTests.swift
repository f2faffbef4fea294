import Shared
import Testing

@Suite("HEALTH_ keys are read strictly")
struct HealthSettingsTests {
  private func load(_ changes: [String: String?] = [:]) throws -> HealthSettings {
    try ConfigurationFixtures.load(changes).health
  }

  @Test func defaultsAreThoseOfTheDocumentation() throws {
    let health = try load()
    #expect(health.details == .superusers && health.maximumOutFraction == 0.67 && !health.servesFromRemote)
    #expect(health.staleAfter == .seconds(15) && health.probeInterval == .seconds(2) && health.probeFall == 3)
    #expect(health.canaryRepository.description == "meridian-health/canary" && health.diskPaths.isEmpty)
  }

  @Test func valuesAreTakenOver() throws {
    let health = try load([
      "HEALTH_DETAILS": "everybody", "HEALTH_MAX_OUT_FRACTION": "0.5", "HEALTH_SERVE_FROM_REMOTE": "true",
      "HEALTH_PROBE_INTERVAL_SECONDS": "5", "HEALTH_CANARY_REPOSITORY": "ops/canary",
      "HEALTH_DISK_PATHS": "[/var/tmp]",
    ])
    #expect(health.details == .everybody && health.maximumOutFraction == 0.5 && health.servesFromRemote)
    #expect(health.probeInterval == .seconds(5) && health.canaryRepository.description == "ops/canary")
    #expect(health.diskPaths == ["/var/tmp"])
  }

  @Test(arguments: [
    ("HEALTH_DETAILS", "nobody"), ("HEALTH_MAX_OUT_FRACTION", "1.5"), ("HEALTH_MAX_OUT_FRACTION", "-0.5"),
    ("HEALTH_MAX_OUT_FRACTION", "1e-1"), ("HEALTH_STALE_SECONDS", "1"), ("HEALTH_PROBE_FALL", "0"),
    ("HEALTH_CANARY_REPOSITORY", "Upper/Case"), ("HEALTH_CA_BUNDLE", "ca.pem"), ("HEALTH_DISK_PATHS", "[tmp]"),
    ("HEALTH_CLOCK_WARN_SECONDS", "301"), ("HEALTH_SERVE_FROM_REMOTE", "maybe"),
  ])
  func whatIsWrongIsNamed(key: String, value: String) throws {
    let refusal = try #require(ConfigurationFixtures.refusal([key: value]))
    #expect(refusal.contains(key) && !refusal.contains("\n"))
  }

  @Test func aMisspeltKeyIsRefusedWithTheRightOne() throws {
    let refusal = try #require(ConfigurationFixtures.refusal(["HEALTH_SERVE_FROM_REMOT": "true"]))
    #expect(refusal.contains("HEALTH_SERVE_FROM_REMOTE"))
  }
}
