import SharedModel

/// `QUAY_OVERRIDE_CONFIG`: a JSON object whose members replace the file's top-level keys whole, as in Quay's app.py.
enum ConfigurationOverride {
  static let variable = "QUAY_OVERRIDE_CONFIG"

  /// The file's keys with the override's laid over them; unset and empty change nothing.
  static func apply(_ json: String?, to file: ConfigurationSection) throws(ConfigurationError) -> ConfigurationSection {
    guard let json, !json.isEmpty else { return file }
    let value: JSONValue
    do throws(ModelError) {
      value = try StrictJSON.parse(json)
    } catch {
      throw .invalidOverride(reason: error.description)
    }
    guard case .object(let object) = value else {
      throw .invalidOverride(reason: "must be a JSON object, not \(value.kindName)")
    }
    let origin = ConfigurationValue.Origin.environment(variable)
    guard case .map(let overrides) = ConfigurationValue(.object(object), origin: origin).content else { return file }
    let replaced = Set(overrides.map(\.key))
    return ConfigurationSection(
      path: file.path, origin: file.origin,
      entries: file.entries.filter { !replaced.contains($0.key) } + overrides)
  }
}
