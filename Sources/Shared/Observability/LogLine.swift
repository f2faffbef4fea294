package import Logging
package import SharedModel

/// One entry of the log, written as one line of JSON or of text.
///
/// Everything is redacted, control characters are escaped (security rule 34), and lengths are bounded: a message is cut
/// at 8 KiB, a metadata value at 2 KiB, and at most 64 metadata keys are shown.
package struct LogLine: Sendable {
  package static let maximumMessageBytes = 8192
  package static let maximumValueBytes = 2048
  package static let maximumKeys = 64
  /// How deeply metadata is followed.
  private static let maximumDepth = 4

  package let time: LogTime
  package let level: Logger.Level
  package let service: String
  package let region: RegionName?
  package let label: String
  package let message: String
  package let metadata: Logger.Metadata

  /// Makes an entry.
  package init(
    time: LogTime, level: Logger.Level, service: String, region: RegionName?, label: String, message: String,
    metadata: Logger.Metadata
  ) {
    self.time = time
    self.level = level
    self.service = service
    self.region = region
    self.label = label
    self.message = message
    self.metadata = metadata
  }

  /// One JSON object without a line end: time, level, service, region, logger, message, metadata.
  package var json: String {
    var parts = [
      "\"time\":\"\(time)\"", "\"level\":\"\(level.rawValue)\"", "\"service\":\(LogText.quoted(service))",
    ]
    if let region { parts.append("\"region\":\"\(region)\"") }
    parts.append("\"logger\":\(LogText.quoted(label))")
    parts.append("\"message\":\(LogText.quoted(LogText.shown(message, maximumBytes: Self.maximumMessageBytes)))")
    if !metadata.isEmpty { parts.append("\"metadata\":\(Self.json(metadata, depth: 1))") }
    return "{\(parts.joined(separator: ","))}"
  }

  /// For people at a terminal: time, level, service, message and `key=value`, without a line end.
  package var text: String {
    let place = region.map { "\(service)/\($0)" } ?? service
    let message = LogText.escaped(LogText.shown(message, maximumBytes: Self.maximumMessageBytes))
    let fields = Self.shownEntries(metadata).map { key, value in
      " \(LogText.escaped(key))=\(Self.plain(key, value))"
    }
    return "\(time) \(level.rawValue) \(place): \(message)\(fields.joined())"
  }

  private static func shownEntries(_ metadata: Logger.Metadata) -> [(String, Logger.MetadataValue)] {
    metadata.sorted { $0.key < $1.key }.prefix(maximumKeys).map { ($0.key, $0.value) }
  }

  private static func plain(_ key: String, _ value: Logger.MetadataValue) -> String {
    if LogRedaction.isSecretKey(key) { return LogRedaction.replacement }
    switch value {
    case .string(let text): return LogText.escaped(LogText.shown(text, maximumBytes: maximumValueBytes))
    case .stringConvertible(let value):
      return LogText.escaped(LogText.shown(value.description, maximumBytes: maximumValueBytes))
    case .array, .dictionary: return json(value, depth: 1)
    }
  }

  private static func json(_ metadata: Logger.Metadata, depth: Int) -> String {
    let members = shownEntries(metadata).map { key, value in
      let shown = LogRedaction.isSecretKey(key) ? "\"\(LogRedaction.replacement)\"" : json(value, depth: depth)
      return "\(LogText.quoted(LogText.shown(key, maximumBytes: 256))):\(shown)"
    }
    return "{\(members.joined(separator: ","))}"
  }

  private static func json(_ value: Logger.MetadataValue, depth: Int) -> String {
    switch value {
    case .string(let text): return LogText.quoted(LogText.shown(text, maximumBytes: maximumValueBytes))
    case .stringConvertible(let value):
      return LogText.quoted(LogText.shown(value.description, maximumBytes: maximumValueBytes))
    case .dictionary where depth >= maximumDepth, .array where depth >= maximumDepth: return "\"…\""
    case .dictionary(let metadata): return json(metadata, depth: depth + 1)
    case .array(let values):
      return "[\(values.prefix(maximumKeys).map { json($0, depth: depth + 1) }.joined(separator: ","))]"
    }
  }
}
