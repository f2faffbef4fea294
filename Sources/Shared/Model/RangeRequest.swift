/// What a `Range` request header asks for of an object, before its size is known.
///
/// RFC 9110 section 14.1.2 and 14.2: a header with another unit, a malformed one or one with several ranges is ignored
/// (the whole object is sent), which clients that ask for several ranges accept.
package enum RangeRequest: Sendable, Hashable {
  /// Everything: no usable header.
  case whole
  /// From an offset to an offset, both inclusive, or to the end.
  case from(Int64, to: Int64?)
  /// The last bytes, at least 0 of them.
  case suffix(Int64)
  /// Syntactically a range, but one no object can satisfy (`500-0`).
  case unsatisfiable

  /// What is to be sent of an object of a given size.
  package enum Resolution: Sendable, Hashable {
    case whole
    case part(ByteRange)
    case unsatisfiable
  }

  /// Parses the value of a `Range` header; never throws and never traps, whatever the digits.
  package init(header: String?) {
    guard let header, let equals = header.firstIndex(of: "="), header[..<equals].lowercased() == "bytes" else {
      self = .whole
      return
    }
    let specification = header[header.index(after: equals)...].filter { $0 != " " && $0 != "\t" }
    guard !specification.contains(","), let dash = specification.firstIndex(of: "-") else {
      self = .whole
      return
    }
    let from = specification[..<dash]
    let to = specification[specification.index(after: dash)...]
    switch (Self.number(from), Self.number(to)) {
    case (.absent, .value(let count)): self = .suffix(count)
    case (.value(let first), .absent): self = .from(first, to: nil)
    case (.value(let first), .value(let last)): self = first <= last ? .from(first, to: last) : .unsatisfiable
    default: self = .whole
    }
  }

  /// Applies the request to an object of `size` bytes; the end is clipped to the object.
  package func resolve(size: Int64) -> Resolution {
    switch self {
    case .whole: return .whole
    case .unsatisfiable: return .unsatisfiable
    case .from(let first, let last):
      guard first < size else { return .unsatisfiable }
      let end = min(last ?? Int64.max, size - 1)
      return ByteRange(first: first, last: end).map(Resolution.part) ?? .unsatisfiable
    case .suffix(let count):
      guard count > 0, size > 0 else { return .unsatisfiable }
      return ByteRange(first: max(0, size - min(count, size)), last: size - 1).map(Resolution.part) ?? .unsatisfiable
    }
  }

  private enum Number {
    case absent
    case value(Int64)
    case malformed
  }

  /// Digits too many for an `Int64` mean "beyond any object", so they clamp instead of failing.
  private static func number(_ text: Substring) -> Number {
    if text.isEmpty { return .absent }
    guard text.utf8.allSatisfy(\.isDigit) else { return .malformed }
    return .value(Int64(text) ?? Int64.max)
  }
}
