/// The grammars of names, written a second time as the automata of their regular expressions.
///
/// They share no code with the parsers they are compared with.
package enum Grammar {
  /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`, at most 255 bytes.
  package static func isRepositoryName(_ text: String) -> Bool {
    enum State { case start, word, dot, underscore, twoUnderscores, dashes }
    guard text.utf8.count <= 255 else { return false }
    var state = State.start
    for scalar in text.unicodeScalars {
      switch (state, scalar) {
      case (_, "a"..."z"), (_, "0"..."9"): state = .word
      case (.word, "."): state = .dot
      case (.word, "_"): state = .underscore
      case (.underscore, "_"): state = .twoUnderscores
      case (.word, "-"), (.dashes, "-"): state = .dashes
      case (.word, "/"): state = .start
      default: return false
      }
    }
    return state == .word
  }

  /// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
  package static func isTag(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    guard (1...128).contains(scalars.count) else { return false }
    for (index, scalar) in scalars.enumerated() {
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_": continue
      case ".", "-": if index == 0 { return false }
      default: return false
      }
    }
    return true
  }

  /// `sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}`.
  package static func isDigest(_ text: String) -> Bool {
    for (prefix, length) in [("sha256:", 64), ("sha512:", 128)] {
      let scalars = Array(text.unicodeScalars)
      guard scalars.count == 7 + length, scalars.prefix(7).elementsEqual(prefix.unicodeScalars) else { continue }
      return scalars.dropFirst(7).allSatisfy { ("0"..."9").contains($0) || ("a"..."f").contains($0) }
    }
    return false
  }

  /// The value of `[0-9]+`; nil for other text, and where it is larger than any 64-bit offset.
  package static func decimal(_ text: some StringProtocol) -> Int64? {
    guard !text.isEmpty else { return nil }
    var value: Int64 = 0
    for scalar in text.unicodeScalars {
      guard ("0"..."9").contains(scalar) else { return nil }
      let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = tens.addingReportingOverflow(Int64(scalar.value - 48))
      guard !tooLarge, !overflow else { return nil }
      value = sum
    }
    return value
  }
}
