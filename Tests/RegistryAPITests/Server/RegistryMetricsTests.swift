import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

@Suite("What the registry API exposes")
struct RegistryMetricsTests {
  private let registry = MetricsRegistry()

  @Test func everyMetricIsDescribedAndEveryDescriptionIsOfAMetric() throws {
    RegistryMetric.declareAll(in: registry)
    #expect(try MetricsDocument().differences(from: registry.declared, of: "registry-api") == [])
  }

  @Test func requestsAreCountedByRouteMethodAndClassWhateverTheClientSends() throws {
    let metrics = RegistryMetrics(registry: registry)
    for method in ["GET", "BREW", "PROPFIND"] {
      var record = RequestRecord(id: RandomIdentifier(), method: try #require(HTTPRequest.Method(method)))
      record.kind = .blob
      record.status = method == "GET" ? .ok : .methodNotAllowed
      (record.sentBytes, record.receivedBytes) = (10, 2)
      metrics.answered(record, duration: .milliseconds(20))
    }
    let text = metrics.text()
    for line in [
      "meridian_api_requests_total{method=\"GET\",route=\"blob\",status=\"2xx\"} 1",
      "meridian_api_requests_total{method=\"GET\",route=\"blob\",status=\"5xx\"} 0",
      "meridian_api_requests_total{method=\"other\",route=\"blob\",status=\"4xx\"} 2",
      "meridian_api_request_seconds_bucket{method=\"GET\",route=\"blob\",le=\"0.025\"} 1",
      "meridian_api_sent_bytes_total 30", "meridian_api_received_bytes_total 6",
    ] { #expect(text.contains(line + "\n"), "\(line)") }
    #expect(!text.contains("BREW") && !text.contains("meridian_metrics_rejected_total"))
  }

  @Test func pullsUploadsAndCachesAreCounted() async throws {
    let metrics = RegistryMetrics(registry: registry)
    let eu = try LocationID(parsing: "eustorage")
    metrics.pulled(from: eu, .redirect, isNearest: true)
    metrics.pulled(from: eu, .bytes, isNearest: false)
    metrics.upload(.begun)
    metrics.lookedUp(.manifests, isHit: false)
    let during = await metrics.whileUploading { metrics.text() }
    #expect(during.contains("\nmeridian_api_uploads_open 1\n"))
    let text = metrics.text()
    for line in [
      "meridian_api_pulls_total{copy=\"nearest\",location=\"eustorage\",way=\"redirect\"} 1",
      "meridian_api_pulls_total{copy=\"other\",location=\"eustorage\",way=\"bytes\"} 1",
      "meridian_api_uploads_total{event=\"begun\"} 1", "meridian_api_uploads_total{event=\"given_up\"} 0",
      "meridian_api_cache_lookups_total{cache=\"manifests\",outcome=\"miss\"} 1", "meridian_api_uploads_open 0",
    ] { #expect(text.contains(line + "\n"), "\(line)") }
  }
}
