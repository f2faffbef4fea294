import SharedModel

/// `REPLICATION_BANDWIDTH_LIMITS`: how fast all workers together may send to a location.
enum BandwidthSettings {
  private static let key = "REPLICATION_BANDWIDTH_LIMITS"

  /// Reads a map of location id to rate; a location that is not named has no limit.
  static func limits(
    _ root: ConfigurationSection, locations: [LocationID]
  ) throws(ConfigurationError) -> [LocationID: TransferRate] {
    guard let table = try root.section(key) else { return [:] }
    var limits: [LocationID: TransferRate] = [:]
    for entry in table.entries {
      guard let location = locations.first(where: { $0.description == entry.key }) else {
        throw .unknownLocation(key: table.place(entry.key), location: Excerpt(entry.key), known: locations)
      }
      guard let text = try table.text(entry.key) else { continue }
      guard let rate = TransferRate(parsing: text) else { throw table.invalid(entry.key, text, TransferRate.form) }
      limits[location] = rate
    }
    return limits
  }
}
