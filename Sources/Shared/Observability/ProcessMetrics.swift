import Foundation

/// What the kernel says of this process, under the names Prometheus' own client libraries use.
package struct ProcessMetrics: Sendable, Hashable {
  package let residentBytes: Double
  package let virtualBytes: Double
  /// User and system time together.
  package let cpuSeconds: Double
  /// Seconds since the epoch.
  package let startTimeSeconds: Double
  package let threads: Double
  package let openFileDescriptors: Double
  package let maximumFileDescriptors: Double

  /// Reads `/proc`; nil where there is none. These files are made by the kernel on reading and never block.
  package static func current() -> ProcessMetrics? {
    guard let stat = text("/proc/self/stat"), let system = text("/proc/stat") else { return nil }
    var limit = rlimit()
    let known = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
    // Listing the folder opens one descriptor itself.
    let descriptors: Int
    do {
      descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count - 1
    } catch {
      return nil
    }
    return ProcessMetrics(
      stat: stat, system: system, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
      pageBytes: Double(sysconf(Int32(_SC_PAGESIZE))), openFileDescriptors: Double(descriptors),
      maximumFileDescriptors: known ? Double(limit.rlim_cur) : .infinity)
  }

  /// Takes the values out of the text of `/proc/self/stat` and `/proc/stat` (proc(5)); nil where they are not as described.
  init?(
    stat: String, system: String, ticksPerSecond: Double, pageBytes: Double, openFileDescriptors: Double,
    maximumFileDescriptors: Double
  ) {
    // The second field, the command in parentheses, may itself hold blanks and parentheses.
    guard let end = stat.lastIndex(of: ")"), ticksPerSecond > 0 else { return nil }
    let fields = stat[stat.index(after: end)...].split(separator: " ").map { Double($0) }
    func field(_ number: Int) -> Double? { fields.indices.contains(number - 3) ? fields[number - 3] : nil }
    guard let user = field(14), let kernel = field(15), let threads = field(20), let start = field(22),
      let virtual = field(23), let pages = field(24),
      let boot = system.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })
        .flatMap({ Double($0.dropFirst(6)) })
    else { return nil }
    residentBytes = pages * pageBytes
    virtualBytes = virtual
    cpuSeconds = (user + kernel) / ticksPerSecond
    startTimeSeconds = boot + start / ticksPerSecond
    self.threads = threads
    self.openFileDescriptors = openFileDescriptors
    self.maximumFileDescriptors = maximumFileDescriptors
  }

  private static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  var families: [String: MetricsRegistry.Family] {
    var families: [String: MetricsRegistry.Family] = [:]
    for metric in ProcessMetric.allCases {
      let value: Double
      switch metric {
      case .cpuSeconds: value = cpuSeconds
      case .residentBytes: value = residentBytes
      case .virtualBytes: value = virtualBytes
      case .startTime: value = startTimeSeconds
      case .threads: value = threads
      case .openFiles: value = openFileDescriptors
      case .maximumFiles: value = maximumFileDescriptors
      // Told by the registry itself, and only when there is something to tell.
      case .rejected: continue
      }
      let series: MetricsRegistry.Series
      if metric.shape.kind == .counter {
        let counter = Counter()
        counter.increment(by: value)
        series = .counter(counter)
      } else {
        let gauge = Gauge()
        gauge.set(value)
        series = .gauge(gauge)
      }
      families[metric.rawValue] = .init(kind: metric.shape.kind, help: metric.shape.help, series: [[]: series])
    }
    return families
  }
}

/// What every process exposes without declaring it.
package enum ProcessMetric: String, DeclaredMetric {
  case cpuSeconds = "process_cpu_seconds_total"
  case residentBytes = "process_resident_memory_bytes"
  case virtualBytes = "process_virtual_memory_bytes"
  case startTime = "process_start_time_seconds"
  case threads = "process_threads"
  case openFiles = "process_open_fds"
  case maximumFiles = "process_max_fds"
  case rejected = "meridian_metrics_rejected_total"

  package var shape: MetricShape {
    switch self {
    case .cpuSeconds: .counter("Total user and system CPU time spent in seconds.")
    case .residentBytes: .gauge("Resident memory size in bytes.")
    case .virtualBytes: .gauge("Virtual memory size in bytes.")
    case .startTime: .gauge("Start time of the process since unix epoch in seconds.")
    case .threads: .gauge("Number of OS threads in the process.")
    case .openFiles: .gauge("Number of open file descriptors.")
    case .maximumFiles: .gauge("Maximum number of open file descriptors.")
    case .rejected: .counter("Metrics not shown because of their name, kind, labels or number.")
    }
  }
}
