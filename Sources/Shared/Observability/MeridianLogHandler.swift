package import Logging
import SharedModel

/// Where finished lines go, line end included.
package typealias LogSink = @Sendable (String) -> Void

/// The swift-log handler of all three executables: one line an entry.
package struct MeridianLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  private let label: String
  private let setup: LogSetup
  private let sink: LogSink

  /// Makes the handler of one logger.
  package init(label: String, setup: LogSetup, sink: @escaping LogSink) {
    self.label = label
    self.setup = setup
    self.sink = sink
    logLevel = setup.level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// Writes one entry; the call's own metadata wins over the provider's, and that over the logger's.
  package func log(event: LogEvent) {
    var merged = metadata
    if let provided = metadataProvider?.get() { merged.merge(provided) { $1 } }
    if let own = event.metadata { merged.merge(own) { $1 } }
    if let error = event.error, merged["error"] == nil { merged["error"] = "\(error)" }
    let line = LogLine(
      time: .now, level: event.level, service: setup.service, region: setup.region, label: label,
      message: event.message.description, metadata: merged)
    sink((setup.format == .json ? line.json : line.text) + "\n")
  }
}
