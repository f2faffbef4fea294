package import SharedModel

/// Why a configuration is refused; each describes itself in one line that names the key at fault and no secret.
package enum ConfigurationError: Error, Sendable, Equatable {
  /// The file cannot be read.
  case unreadable(path: String, reason: String)
  /// The file is no YAML document of the kind accepted.
  case invalidYAML(line: Int?, reason: String)
  /// `QUAY_OVERRIDE_CONFIG` is no JSON object.
  case invalidOverride(reason: String)
  /// A key that must be there is not.
  case missing(key: String, hint: String)
  /// A key holds another kind of value. `found` is an excerpt of the value, or only its kind where it may be a secret.
  case wrongType(key: Place, expected: String, found: String)
  /// A key holds a value of the right kind that cannot be used.
  case invalidValue(key: Place, value: Excerpt?, reason: String)
  /// A key neither Quay nor Meridian has.
  case unknownKey(key: Place, suggestion: String?)
  /// A list of locations names one that is not in `DISTRIBUTED_STORAGE_CONFIG`.
  case unknownLocation(key: Place, location: Excerpt, known: [LocationID])
  /// Replication is on and no preference says which location is this region's own.
  case emptyPreference(key: Place)
  /// Something Quay has and this build does not.
  case notAvailable(key: Place, reason: String)

  /// A key's dotted path and where it was written, for example `DB_URI (line 3)`.
  package struct Place: Sendable, Equatable, CustomStringConvertible {
    package let key: String
    let origin: ConfigurationValue.Origin

    package var description: String { "\(key)\(origin)" }
  }
}

extension ConfigurationError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read the configuration \(Excerpt(path)): \(reason)"
    case .invalidYAML(let line?, let reason): "line \(line): \(reason)"
    case .invalidYAML(nil, let reason): "the configuration is not acceptable YAML: \(reason)"
    case .invalidOverride(let reason): "QUAY_OVERRIDE_CONFIG: \(reason)"
    case .missing(let key, let hint): "\(key) is missing\(hint.isEmpty ? "" : "; \(hint)")"
    case .wrongType(let place, let expected, let found): "\(place) must be \(expected), not \(found)"
    case .invalidValue(let place, let value?, let reason): "\(place): '\(value)' \(reason)"
    case .invalidValue(let place, nil, let reason): "\(place) \(reason)"
    case .unknownKey(let place, let suggestion?): "\(place) is not a key; did you mean \(suggestion)?"
    case .unknownKey(let place, nil):
      "\(place) is neither a key of Quay nor of Meridian; remove it, or list it under IGNORED_KEYS"
    case .unknownLocation(let place, let location, let known):
      "\(place): '\(location)' is not a location of DISTRIBUTED_STORAGE_CONFIG, which has "
        + known.map(\.description).joined(separator: ", ")
    case .emptyPreference(let place):
      "\(place) names no location, but FEATURE_STORAGE_REPLICATION is true: name this region's own location first, here "
        + "or in the environment variable QUAY_DISTRIBUTED_STORAGE_PREFERENCE"
    case .notAvailable(let place, let reason): "\(place): \(reason)"
    }
  }
}
