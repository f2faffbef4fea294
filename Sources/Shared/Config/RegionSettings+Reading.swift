import SharedModel

extension RegionSettings {
  /// The name of this region: `REGION_NAME`, else the home location's id with what a region name cannot hold as dashes.
  static func ownName(_ written: String?, home: LocationID) throws(ConfigurationError) -> RegionName {
    if let written, !written.isEmpty {
      do throws(ModelError) {
        return try RegionName(parsing: written)
      } catch {
        throw .invalidValue(
          key: .init(key: "REGION_NAME", origin: .environment("the environment")), value: Excerpt(written),
          reason: "is no region name: lowercase letters, digits and inner dashes")
      }
    }
    let mapped = home.description.lowercased().utf8.map { $0.isLowercaseAlphanumeric ? $0 : UInt8(ascii: "-") }
    let trimmed = mapped.drop { $0 == UInt8(ascii: "-") }.reversed().drop { $0 == UInt8(ascii: "-") }.reversed()
    do throws(ModelError) {
      return try RegionName(parsing: String(decoding: Array(trimmed), as: UTF8.self))
    } catch {
      throw .missing(key: "REGION_NAME", hint: "the location id \(home) cannot serve as the region's name")
    }
  }

  /// Reads `REGIONS`, a map of region name to `{location, api, health}`; ordered by name.
  static func table(
    _ root: ConfigurationSection, locations: [LocationID]
  ) throws(ConfigurationError) -> [RegionSettings] {
    guard let table = try root.section("REGIONS") else { return [] }
    var regions: [RegionSettings] = []
    for entry in table.entries {
      let section = try ConfigurationSection(entry.value, path: table.place(entry.key).key)
      try section.refuseKeys(notIn: ["location", "api", "health"])
      let name: RegionName
      do throws(ModelError) {
        name = try RegionName(parsing: entry.key)
      } catch {
        throw .invalidValue(
          key: table.place(entry.key), value: nil,
          reason: "is no region name: lowercase letters, digits and inner dashes")
      }
      guard let text = try section.text("location") else { throw section.missing("location") }
      guard let location = locations.first(where: { $0.description == text }) else {
        throw .unknownLocation(key: section.place("location"), location: Excerpt(text), known: locations)
      }
      regions.append(
        RegionSettings(
          name: name, location: location, api: try baseURL("api", section), health: try baseURL("health", section)))
    }
    return regions.sorted { $0.name < $1.name }
  }

  private static func baseURL(_ key: String, _ section: ConfigurationSection) throws(ConfigurationError) -> String? {
    guard let text = try section.text(key) else { return nil }
    guard let endpoint = StoreEndpoint(parsing: text) else {
      throw section.invalid(key, text, "must be http://HOST[:PORT] or https://HOST[:PORT]")
    }
    return endpoint.description
  }
}
