/// Something an operator should know about a configuration that is accepted nevertheless.
package enum ConfigurationNotice: Sendable, Hashable {
  /// A key of Quay that Meridian has no use for.
  case unusedKey(String)
  /// A key listed under `IGNORED_KEYS`.
  case ignoredKey(String)
  /// Anything else, as one sentence.
  case advice(String)
}

extension ConfigurationNotice: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unusedKey(let key): "\(key) is a key of Quay that Meridian does not use"
    case .ignoredKey(let key): "\(key) is ignored as IGNORED_KEYS asks"
    case .advice(let sentence): sentence
    }
  }
}
