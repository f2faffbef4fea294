import Foundation
package import Logging
package import SharedModel
import Synchronization

/// How a process logs.
package struct LogSetup: Sendable {
  /// The two forms of a line.
  package enum Format: String, Sendable {
    /// One JSON object a line, for machines.
    case json
    /// For people at a terminal.
    case text
  }

  package let service: String
  package let region: RegionName?
  package let level: Logger.Level
  package let format: Format

  /// Makes a setup.
  package init(service: String, region: RegionName?, level: Logger.Level, format: Format) {
    self.service = service
    self.region = region
    self.level = level
    self.format = format
  }

  /// Makes `Logger`s of this process write to standard error; the first call counts, later ones change nothing.
  ///
  /// Unless given, the level is that of the environment's `LOG_LEVEL` (`trace` to `critical`, `info` by default), and the
  /// format that of `LOG_FORMAT` (`json` or `text`), by default `text` at a terminal and `json` otherwise.
  package static func bootstrap(
    service: String, region: RegionName?, level: Logger.Level? = nil, format: Format? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    guard !bootstrapped.exchange(true, ordering: .sequentiallyConsistent) else { return }
    let setup = LogSetup(
      service: service, region: region, level: level ?? Self.level(environment["LOG_LEVEL"]),
      format: format ?? Self.format(environment["LOG_FORMAT"], isTerminal: isatty(STDERR_FILENO) == 1))
    LoggingSystem.bootstrap { label in MeridianLogHandler(label: label, setup: setup, sink: writeToStandardError) }
  }

  /// The level a text names, in any case; `info` for none and for words that name none.
  package static func level(_ text: String?) -> Logger.Level {
    switch text?.lowercased() {
    case "warn": .warning
    case "fatal": .critical
    case let name?: Logger.Level(rawValue: name) ?? .info
    case nil: .info
    }
  }

  static func format(_ text: String?, isTerminal: Bool) -> Format {
    text.flatMap { Format(rawValue: $0.lowercased()) } ?? (isTerminal ? .text : .json)
  }

  /// swift-log stops the process where its own bootstrap is called twice.
  private static let bootstrapped = Atomic<Bool>(false)

  /// Serialises lines, for one longer than a pipe's atomic write could be torn by another.
  private static let output = Mutex(())

  /// Writes a whole line with as few calls as the kernel allows. A log nobody reads any more is given up silently: there
  /// is no other place to say so.
  private static func writeToStandardError(_ line: String) {
    let bytes = Array(line.utf8)
    output.withLock { _ in
      var written = 0
      while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        if count > 0 { written += count } else if errno != EINTR { return }
      }
    }
  }
}
