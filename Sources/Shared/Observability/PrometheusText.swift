/// The three kinds of metric there are.
package enum MetricKind: String, Sendable {
  case counter
  case gauge
  case histogram
}

/// One label of a series.
struct MetricLabel: Sendable, Hashable {
  let name: String
  /// At most 256 characters; what is longer is cut.
  let value: String

  static func sorted(_ labels: [String: String]) -> [MetricLabel] {
    labels.map { MetricLabel(name: $0.key, value: String($0.value.prefix(256))) }.sorted { $0.name < $1.name }
  }
}

/// What Prometheus takes as a name.
enum MetricName {
  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
  static func isValid(_ name: String) -> Bool {
    name.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ":") } && startsWell(name)
  }

  /// `[a-zA-Z_][a-zA-Z0-9_]*`, not beginning with two underscores, and not `le` in a histogram.
  static func isValidLabel(_ name: String, of kind: MetricKind) -> Bool {
    name.utf8.allSatisfy(isWord) && startsWell(name) && !name.hasPrefix("__") && !(kind == .histogram && name == "le")
  }

  private static func startsWell(_ name: String) -> Bool {
    guard let first = name.utf8.first else { return false }
    return !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

/// Writes the text exposition format 0.0.4.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/
enum PrometheusText {
  /// The value of the Content-Type header that goes with it.
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  static func write(name: String, _ family: MetricsRegistry.Family) -> String {
    guard !family.series.isEmpty || family.declaredLabels != nil else { return "" }
    var text = "# HELP \(name) \(escapeHelp(family.help))\n# TYPE \(name) \(family.kind.rawValue)\n"
    let lines = family.series.map { (labels: $0.key.map(written), series: $0.value) }
    for (labels, series) in lines.sorted(by: { $0.labels.joined() < $1.labels.joined() }) {
      switch series {
      case .counter(let counter): text += line(name, labels, counter.value)
      case .gauge(let gauge): text += line(name, labels, gauge.value)
      case .histogram(let histogram): text += write(histogram, name: name, labels: labels)
      }
    }
    return text
  }

  private static func write(_ histogram: Histogram, name: String, labels: [String]) -> String {
    let snapshot = histogram.snapshot
    var text = ""
    for (bound, count) in zip(histogram.bounds + [.infinity], snapshot.cumulativeCounts) {
      text += line("\(name)_bucket", labels + ["le=\"\(number(bound))\""], Double(count))
    }
    text += line("\(name)_sum", labels, snapshot.sum)
    text += line("\(name)_count", labels, Double(snapshot.cumulativeCounts.last ?? 0))
    return text
  }

  private static func line(_ name: String, _ labels: [String], _ value: Double) -> String {
    labels.isEmpty ? "\(name) \(number(value))\n" : "\(name){\(labels.joined(separator: ","))} \(number(value))\n"
  }

  private static func written(_ label: MetricLabel) -> String { "\(label.name)=\"\(escapeValue(label.value))\"" }

  /// Whole numbers without a fraction, the rest as the shortest text that reads back the same.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
    return value.description
  }

  private static func escapeHelp(_ text: String) -> String { escape(text, quotes: false) }
  private static func escapeValue(_ text: String) -> String { escape(text, quotes: true) }

  /// Backslash and line feed, and in label values the quote; a carriage return would break no reader but many eyes.
  private static func escape(_ text: String, quotes: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}

extension MetricsRegistry {
  /// The value of the Content-Type header that goes with `prometheusText()`.
  package static var contentType: String { PrometheusText.contentType }
}
