import Shared
import TestSupport
import Testing

@testable import HealthService

@Suite("What the health service exposes")
struct HealthMetricsTests {
  @Test func everyMetricIsDescribedAndEveryDescriptionIsOfAMetric() throws {
    let registry = MetricsRegistry()
    HealthMetric.declareAll(in: registry)
    #expect(try MetricsDocument().differences(from: registry.declared, of: "health-service") == [])
  }

  @Test func requestsProbesAndListenersAreCounted() {
    let registry = MetricsRegistry()
    let metrics = HealthMetrics(registry: registry)
    metrics.answered(target: "/health/region/us?for=read", status: 503)
    metrics.answered(target: "/anything?at=all", status: 404)
    metrics.probed("storage:usstorage", .fail("gone"), duration: .milliseconds(30))
    metrics.agentAnswered(line: "drain\n")
    metrics.agentAnswered(line: "ready up 50%\n")
    metrics.agentConnections(1)
    metrics.answered(target: "/page/live", status: 200)
    let text = registry.prometheusText(process: nil)
    for line in [
      "meridian_health_requests_total{route=\"region\",status=\"5xx\"} 1",
      "meridian_health_requests_total{route=\"other\",status=\"4xx\"} 1",
      "meridian_health_probes_total{component=\"storage:usstorage\",outcome=\"fail\"} 1",
      "meridian_health_probes_total{component=\"storage:usstorage\",outcome=\"pass\"} 0",
      "meridian_health_probe_seconds_bucket{component=\"storage:usstorage\",le=\"0.05\"} 1",
      "meridian_health_agent_checks_total{answer=\"drain\"} 1",
      "meridian_health_agent_checks_total{answer=\"up\"} 1", "meridian_health_agent_connections 1",
      "meridian_health_requests_total{route=\"page_update\",status=\"2xx\"} 1",
    ] { #expect(text.contains(line + "\n"), "\(line)") }
    #expect(!text.contains("meridian_metrics_rejected_total"))
  }

  @Test func verdictsAndComponentsAreShownAsTheyStand() {
    let registry = MetricsRegistry()
    let metrics = HealthMetrics(registry: registry)
    let isDrained = Reason(code: .drained, text: "an operator has taken it out")
    let eu = RegionVerdict(
      region: "eu", read: Judgement(status: .warn, weight: 50), write: Judgement(status: .fail, reasons: [isDrained]),
      ageMs: 2500, instances: ["a", "b"], disagreements: [Reason(code: .disagreement, text: "")])
    metrics.show(eu)
    metrics.show(
      ComponentHealth(
        component: "storage:eustorage", status: .pass, reason: nil, writeStatus: .fail, values: ["days_left": 3],
        observedAtMs: 0, durationMs: 1))
    let text = registry.prometheusText(process: nil)
    for line in [
      "region_serves{direction=\"read\",region=\"eu\"} 1", "region_serves{direction=\"write\",region=\"eu\"} 0",
      "region_weight{direction=\"read\",region=\"eu\"} 50", "region_status{direction=\"read\",region=\"eu\"} 2",
      "region_drained{direction=\"write\",region=\"eu\"} 1", "region_drained{direction=\"read\",region=\"eu\"} 0",
      "region_age_seconds{region=\"eu\"} 2.5", "region_instances{region=\"eu\"} 2",
      "region_disagreements{region=\"eu\"} 1",
      "component_status{component=\"storage:eustorage\",direction=\"write\"} 0",
      "component_value{component=\"storage:eustorage\",value=\"days_left\"} 3",
    ] { #expect(text.contains("meridian_health_\(line)\n"), "\(line)") }
  }
}
