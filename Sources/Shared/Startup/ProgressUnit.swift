/// What a progress counts, and how its numbers are written.
package enum ProgressUnit: Sendable, Hashable {
  /// Things of a kind, named in the plural: `blobs`.
  case things(String)
  case bytes

  /// A number with its unit: `1,200 blobs`, `3.4 GiB`.
  package func text(_ count: Int64) -> String {
    switch self {
    case .things(let name): "\(Self.grouped(count)) \(name)"
    case .bytes: Self.size(count)
    }
  }

  /// How far it is: `450 of 1,000 blobs`, `1.0 GiB of 3.4 GiB`.
  func text(_ done: Int64, of total: Int64) -> String {
    switch self {
    case .things(let name): "\(Self.grouped(done)) of \(Self.grouped(total)) \(name)"
    case .bytes: "\(Self.size(done)) of \(Self.size(total))"
    }
  }

  /// A speed: `120/s`, `12.0 MiB/s`, and with a decimal where it is slow, `0.4/s`.
  func text(perSecond rate: Double) -> String {
    guard rate.isFinite, rate >= 0 else { return "-/s" }
    switch self {
    case .bytes: return "\(Self.size(Int64(min(rate, 1e15))))/s"
    case .things: return rate < 10 ? "\(Self.decimal(rate))/s" : "\(Self.grouped(Int64(min(rate, 1e15))))/s"
    }
  }

  /// A number with commas between the thousands.
  package static func grouped(_ count: Int64) -> String {
    var text = ""
    for (place, digit) in String(count.magnitude).reversed().enumerated() {
      if place > 0, place % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (count < 0 ? "-" : "") + String(text.reversed())
  }

  /// A size in the largest binary unit it fills, with one decimal: `0 bytes`, `1.5 KiB`, `12.0 MiB`.
  package static func size(_ bytes: Int64) -> String {
    for (shift, unit) in [(50, "PiB"), (40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] as [(Int64, String)]
    where bytes.magnitude >= 1 << UInt64(shift) {
      return "\(decimal(Double(bytes) / Double(Int64(1) << shift))) \(unit)"
    }
    return "\(bytes) bytes"
  }

  private static func decimal(_ value: Double) -> String {
    let tenths = Int64((min(max(value, -1e15), 1e15) * 10).rounded())
    return "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
  }
}
