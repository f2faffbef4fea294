import Shared
import Testing

@testable import SharedObservability

@Suite("Metrics are written exactly as Prometheus reads them")
struct MetricsTests {
  @Test func theTextIsExact() {
    let registry = MetricsRegistry()
    registry.counter("b_total", help: "Second.", labels: ["target": "eu", "outcome": "placed"]).increment()
    registry.counter("b_total", help: "Second.", labels: ["outcome": "placed", "target": "eu"]).increment(by: 2.5)
    registry.counter("b_total", help: "Second.", labels: ["target": "ap", "outcome": "placed"]).increment(by: 1e15)
    registry.gauge("a_gauge", help: "First\nline \\ \"quoted\".").set(-3)
    let histogram = registry.histogram(
      "c_seconds", help: "Third.", labels: ["x": "y"], buckets: [1, 0.1, .infinity, 0.1])
    for value in [0.05, 0.1, 0.5, 2] { histogram.observe(value) }
    histogram.observe(Duration.milliseconds(1500))
    histogram.observe(.nan)
    #expect(
      registry.prometheusText(process: nil) == """
        # HELP a_gauge First\\nline \\\\ "quoted".
        # TYPE a_gauge gauge
        a_gauge -3
        # HELP b_total Second.
        # TYPE b_total counter
        b_total{outcome="placed",target="ap"} 1000000000000000
        b_total{outcome="placed",target="eu"} 3.5
        # HELP c_seconds Third.
        # TYPE c_seconds histogram
        c_seconds_bucket{x="y",le="0.1"} 2
        c_seconds_bucket{x="y",le="1"} 3
        c_seconds_bucket{x="y",le="+Inf"} 5
        c_seconds_sum{x="y"} 4.15
        c_seconds_count{x="y"} 5

        """)
  }

  @Test func labelValuesAreEscaped() {
    let registry = MetricsRegistry()
    registry.gauge("g", help: "h", labels: ["a": "back\\slash \"quote\"\nline é"]).set(1)
    #expect(registry.prometheusText(process: nil).hasSuffix("g{a=\"back\\\\slash \\\"quote\\\"\\nline é\"} 1\n"))
  }

  @Test(arguments: [
    (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (0, "0"), (-0.0, "0"), (1.5, "1.5"),
    (1e-7, "1e-07"), (1e300, "1e+300"), (0.1, "0.1"),
  ])
  func numbers(_ value: Double, _ expected: String) {
    #expect(PrometheusText.number(value) == expected)
  }

  @Test func countersNeverFall() {
    let counter = MetricsRegistry().counter("c", help: "h")
    for amount in [1, -5, .nan, .infinity, 0.5] { counter.increment(by: amount) }
    #expect(counter.value == 1.5)
  }

  @Test func seriesAreBounded() {
    let registry = MetricsRegistry(maximumMetrics: 2, maximumSeriesPerMetric: 3)
    for index in 0..<100 { registry.counter("c_total", help: "h", labels: ["path": "/\(index)"]).increment() }
    registry.gauge("g", help: "h").set(1)
    registry.gauge("one_too_many", help: "h").set(1)
    #expect(
      registry.prometheusText(process: nil) == """
        # HELP c_total h
        # TYPE c_total counter
        c_total{path="/0"} 1
        c_total{path="/1"} 1
        c_total{path="other"} 98
        # HELP g h
        # TYPE g gauge
        g 1
        # HELP meridian_metrics_rejected_total Metrics not shown because of their name, kind, labels or number.
        # TYPE meridian_metrics_rejected_total counter
        meridian_metrics_rejected_total 1

        """)
  }

  @Test func namesAndKindsAreChecked() {
    let registry = MetricsRegistry()
    registry.counter("fine_total", help: "h").increment()
    registry.gauge("fine_total", help: "h").set(9)
    for name in ["", "1a", "a-b", "a b", "é", "a\n"] { registry.gauge(name, help: "h").set(1) }
    for label in ["", "1", "a-b", "__name__", "le\n"] { registry.gauge("g", help: "h", labels: [label: "x"]).set(1) }
    registry.histogram("h", help: "h", labels: ["le": "1"]).observe(1)
    let text = registry.prometheusText(process: nil)
    #expect(text.contains("fine_total 1\n") && text.contains("meridian_metrics_rejected_total 13\n"))
    #expect(!text.contains("\ng") && !text.contains("\nh"))
  }

  enum Fruit: String, DeclaredMetric {
    case eaten = "fruit_eaten_total"
    case held = "fruit_held"
    case seconds = "fruit_seconds"
    var shape: MetricShape {
      switch self {
      case .eaten: .counter("Fruit eaten.")
      case .held: .gauge("Fruit held.", "hand")
      case .seconds: .histogram("Time of a bite.", buckets: [1])
      }
    }
  }

  @Test func declaredMetricsAreThereBeforeAnythingIsCounted() {
    let registry = MetricsRegistry()
    registry.declare(Fruit.self)
    let expected = """
      # HELP fruit_eaten_total Fruit eaten.
      # TYPE fruit_eaten_total counter
      fruit_eaten_total 0
      # HELP fruit_held Fruit held.
      # TYPE fruit_held gauge
      # HELP fruit_seconds Time of a bite.
      # TYPE fruit_seconds histogram
      fruit_seconds_bucket{le="1"} 0
      fruit_seconds_bucket{le="+Inf"} 0
      fruit_seconds_sum 0
      fruit_seconds_count 0

      """
    #expect(registry.prometheusText(process: nil) == expected)
    #expect(registry.declared.map(\.name) == ["fruit_eaten_total", "fruit_held", "fruit_seconds"])
    #expect(registry.declared.map(\.labels) == [[], ["hand"], []])
  }

  @Test func labelsAreThoseThatAreDeclared() {
    let registry = MetricsRegistry()
    registry.gauge(Fruit.held, ["hand": "left"]).set(2)
    registry.gauge(Fruit.held, ["foot": "left"]).set(3)
    registry.counter(Fruit.held, ["hand": "left"]).increment()
    let text = registry.prometheusText(process: nil)
    #expect(text.contains("fruit_held{hand=\"left\"} 2\n") && !text.contains("foot"))
    #expect(text.contains("meridian_metrics_rejected_total 2\n"))
  }

  @Test func removedGaugesAreGone() {
    let registry = MetricsRegistry()
    registry.gauge("g", help: "h", labels: ["a": "b"]).set(1)
    registry.removeGauge("g", labels: ["a": "b"])
    registry.removeGauge("unknown", labels: [:])
    #expect(registry.prometheusText(process: nil) == "")
  }

  @Test func concurrentIncrementsAllCount() async {
    let registry = MetricsRegistry()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 {
            registry.counter("c_total", help: "h").increment()
            registry.histogram("h", help: "h").observe(0.5)
            registry.gauge("g", help: "h").add(1)
          }
        }
      }
    }
    let text = registry.prometheusText(process: nil)
    #expect(text.contains("\nc_total 8000\n") && text.contains("\nh_count 8000\n") && text.contains("\ng 8000\n"))
  }

  @Test func theProcessIsMeasured() throws {
    let stat = "4711 (a b) c) S 1 1 1 0 -1 4194304 1 0 0 0 250 50 0 0 20 0 7 0 1000 8192000 300 18446744073709551615 1"
    let metrics = try #require(
      ProcessMetrics(
        stat: stat, system: "cpu 1 2\nbtime 1700000000\n", ticksPerSecond: 100, pageBytes: 4096, openFileDescriptors: 9,
        maximumFileDescriptors: 1024))
    let text = MetricsRegistry().prometheusText(process: metrics)
    for line in [
      "process_cpu_seconds_total 3", "process_resident_memory_bytes 1228800", "process_virtual_memory_bytes 8192000",
      "process_start_time_seconds 1700000010", "process_threads 7", "process_open_fds 9", "process_max_fds 1024",
      "# TYPE process_cpu_seconds_total counter",
    ] { #expect(text.contains("\(line)\n"), "\(line)") }
    #expect(
      ProcessMetrics(
        stat: "", system: "", ticksPerSecond: 100, pageBytes: 1, openFileDescriptors: 0, maximumFileDescriptors: 0)
        == nil)
    let own = try #require(ProcessMetrics.current())
    #expect(
      own.residentBytes > 1e6 && own.cpuSeconds > 0 && own.openFileDescriptors > 2 && own.startTimeSeconds > 1.6e9)
  }
}
