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
    func gauge(_ value: Double, _ help: String) -> MetricsRegistry.Family {
      let gauge = Gauge()
      gauge.set(value)
      return .init(kind: .gauge, help: help, series: [[]: .gauge(gauge)])
    }
    let cpu = Counter()
    cpu.increment(by: cpuSeconds)
    return [
      "process_cpu_seconds_total": .init(
        kind: .counter, help: "Total user and system CPU time spent in seconds.", series: [[]: .counter(cpu)]),
      "process_resident_memory_bytes": gauge(residentBytes, "Resident memory size in bytes."),
      "process_virtual_memory_bytes": gauge(virtualBytes, "Virtual memory size in bytes."),
      "process_start_time_seconds": gauge(startTimeSeconds, "Start time of the process since unix epoch in seconds."),
      "process_threads": gauge(threads, "Number of OS threads in the process."),
      "process_open_fds": gauge(openFileDescriptors, "Number of open file descriptors."),
      "process_max_fds": gauge(maximumFileDescriptors, "Maximum number of open file descriptors."),
    ]
  }
}
