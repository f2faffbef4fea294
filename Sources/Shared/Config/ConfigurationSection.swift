import SharedModel

/// Typed, strict access to the keys of one map of the configuration.
///
/// Every accessor gives nil for an absent or null key and throws `wrongType` for a value of another kind.
struct ConfigurationSection: Sendable {
  /// The dotted path of the map, empty for the file itself.
  let path: String
  let origin: ConfigurationValue.Origin
  let entries: [ConfigurationValue.Entry]

  /// Takes a value that must be a map.
  init(_ value: ConfigurationValue, path: String) throws(ConfigurationError) {
    guard case .map(let entries) = value.content else {
      throw .wrongType(
        key: .init(key: path.isEmpty ? "the configuration" : path, origin: value.origin), expected: "a map of keys",
        found: value.isNull ? "nothing" : value.kindName)
    }
    self.init(path: path, origin: value.origin, entries: entries)
  }

  init(path: String, origin: ConfigurationValue.Origin, entries: [ConfigurationValue.Entry]) {
    self.path = path
    self.origin = origin
    self.entries = entries
  }

  /// The value of a key; nil where absent or null.
  func value(_ key: String) -> ConfigurationValue? {
    entries.first { $0.key == key && !$0.value.isNull }?.value
  }

  /// Whether the key is written at all, null included.
  func isWritten(_ key: String) -> Bool { entries.contains { $0.key == key } }

  /// The full name of a key with where it stands, for errors.
  func place(_ key: String) -> ConfigurationError.Place {
    let origin = entries.first { $0.key == key }?.origin ?? .unknown
    return .init(key: path.isEmpty ? key : "\(path).\(key)", origin: origin)
  }

  func missing(_ key: String, hint: String = "") -> ConfigurationError {
    .missing(key: place(key).key, hint: hint)
  }

  func invalid(_ key: String, _ value: String?, _ reason: String) -> ConfigurationError {
    .invalidValue(key: place(key), value: value.map { Excerpt($0) }, reason: reason)
  }

  /// Throws `unknownKey` for the first key that is not in the list.
  func refuseKeys(notIn known: [String]) throws(ConfigurationError) {
    for entry in entries where !known.contains(entry.key) {
      throw .unknownKey(
        key: .init(key: place(entry.key).key, origin: entry.origin),
        suggestion: NearestName.of(entry.key, among: known) ?? "one of \(known.joined(separator: ", "))")
    }
  }
}

// MARK: - Types

extension ConfigurationSection {
  /// Text, quoted or not; a bare word stays the characters it is written with (`0123` is not 83).
  func text(_ key: String) throws(ConfigurationError) -> String? {
    guard let value = value(key) else { return nil }
    guard case .scalar(let text, _) = value.content else { throw wrongType(key, value, expected: "text") }
    return text
  }

  /// Text that is not shown in errors.
  func secret(_ key: String) throws(ConfigurationError) -> Secret? { try text(key).map { Secret($0) } }

  /// `true` or `false`, bare, in Python's or YAML's capitals; nothing else.
  func boolean(_ key: String) throws(ConfigurationError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard case .scalar(let text, let isPlain) = value.content else {
      throw wrongType(key, value, expected: "true or false")
    }
    switch text {
    case "true" where isPlain, "True" where isPlain, "TRUE" where isPlain: return true
    case "false" where isPlain, "False" where isPlain, "FALSE" where isPlain: return false
    default:
      throw .wrongType(
        key: place(key), expected: "true or false",
        found: isPlain ? "'\(Excerpt(text))'" : "the text '\(Excerpt(text))'")
    }
  }

  /// A whole number in decimal digits within a range; no sign but minus, no leading zero, no exponent.
  func integer(_ key: String, in range: ClosedRange<Int64>) throws(ConfigurationError) -> Int64? {
    guard let value = value(key) else { return nil }
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard case .scalar(let text, let isPlain) = value.content else { throw wrongType(key, value, expected: expected) }
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard isPlain, !digits.isEmpty, digits.utf8.allSatisfy(\.isDigit), digits == "0" || !digits.hasPrefix("0"),
      let number = Int64(text), range.contains(number)
    else { throw .wrongType(key: place(key), expected: expected, found: "'\(Excerpt(text))'") }
    return number
  }

  /// A number of units, fractions allowed, as bytes: for Quay's `…_mb` and `…_gb` parameters.
  func sizeBytes(_ key: String, unitBytes: Int64) throws(ConfigurationError) -> Int64? {
    guard let value = value(key) else { return nil }
    let expected = "a positive number"
    guard case .scalar(let text, let isPlain) = value.content else { throw wrongType(key, value, expected: expected) }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard isPlain, (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isDigit) }),
      let number = Double(text), number > 0, number * Double(unitBytes) <= Double(SizeText.maximumBytes)
    else { throw .wrongType(key: place(key), expected: expected, found: "'\(Excerpt(text))'") }
    return Int64(number * Double(unitBytes))
  }

  /// A list of text.
  func texts(_ key: String) throws(ConfigurationError) -> [String]? {
    guard let value = value(key) else { return nil }
    guard case .list(let elements) = value.content else { throw wrongType(key, value, expected: "a list") }
    var texts: [String] = []
    for element in elements {
      guard case .scalar(let text, _) = element.content, !element.isNull else {
        throw .wrongType(
          key: .init(key: place(key).key, origin: element.origin), expected: "a list of text",
          found: "a list holding \(element.isNull ? "nothing" : element.kindName)")
      }
      texts.append(text)
    }
    return texts
  }

  /// A map below this one.
  func section(_ key: String) throws(ConfigurationError) -> ConfigurationSection? {
    guard let value = value(key) else { return nil }
    return try ConfigurationSection(value, path: place(key).key)
  }

  private func wrongType(_ key: String, _ value: ConfigurationValue, expected: String) -> ConfigurationError {
    .wrongType(key: place(key), expected: expected, found: value.kindName)
  }
}
