/// The round numbers at the side of a chart.
enum ChartScale {
  private static let roundSeconds: [Int64] = [
    10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800, 345_600, 604_800,
    1_209_600, 2_592_000,
  ]
  /// Where nothing round is left above.
  private static let highest: Int64 = 1 << 62

  /// The least round number that is not below `value`; even, so that half of it is one too.
  static func top(atLeast value: Int64, _ unit: Chart.Unit) -> Int64 {
    if unit == .seconds, let top = roundSeconds.first(where: { $0 >= value }) { return top }
    var step: Int64 = unit == .seconds ? 2_592_000 : 1
    while true {
      for factor: Int64 in [4, 10, 20] {
        let (top, overflow) = step.multipliedReportingOverflow(by: factor)
        if overflow { return highest }
        if top >= value { return top }
      }
      let (next, overflow) = step.multipliedReportingOverflow(by: 10)
      if overflow { return highest }
      step = next
    }
  }

  /// A short label: `30 s`, `5 min`, `2 h`, `1.5k`.
  static func label(_ value: Int64, _ unit: Chart.Unit) -> String {
    switch unit {
    case .seconds: seconds(value)
    case .copies: copies(value)
    }
  }

  private static func seconds(_ value: Int64) -> String {
    switch value {
    case 0: "0"
    case ..<60: "\(value) s"
    case ..<3600: value % 60 == 0 ? "\(value / 60) min" : "\(value) s"
    case ..<86_400: value % 3600 == 0 ? "\(value / 3600) h" : "\(value / 60) min"
    default: value % 86_400 == 0 ? "\(value / 86_400) d" : "\(value / 3600) h"
    }
  }

  private static func copies(_ value: Int64) -> String {
    let sizes: [(Int64, String)] = [(1_000_000_000_000, "T"), (1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")]
    for (size, letter) in sizes where value >= size {
      return value % size == 0 ? "\(value / size)\(letter)" : "\(value / size).\(value % size * 10 / size)\(letter)"
    }
    return "\(value)"
  }
}
