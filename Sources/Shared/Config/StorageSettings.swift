import SharedModel

/// The locations and what this region does with them.
struct StorageSettings: Sendable {
  /// Ordered by id.
  let locations: [LocationSettings]
  let defaultLocations: [LocationID]
  /// Never empty.
  let preference: [LocationID]
  let home: LocationID
  let replicationEnabled: Bool
  let localReplicationAllowed: Bool

  init(
    _ root: ConfigurationSection, environment: [String: String], folder: String
  ) throws(ConfigurationError) {
    guard let table = try root.section("DISTRIBUTED_STORAGE_CONFIG") else {
      throw root.missing("DISTRIBUTED_STORAGE_CONFIG", hint: "give at least one location")
    }
    var inFileOrder: [LocationSettings] = []
    for entry in table.entries { inFileOrder.append(try LocationSettings(entry, in: table, folder: folder)) }
    guard let first = inFileOrder.first else {
      throw root.invalid("DISTRIBUTED_STORAGE_CONFIG", nil, "must hold at least one location")
    }
    let known = inFileOrder.map(\.id)
    replicationEnabled = try root.boolean("FEATURE_STORAGE_REPLICATION") ?? false
    localReplicationAllowed = try root.boolean("ALLOW_LOCAL_REPLICATION") ?? false
    defaultLocations = try Self.identifiers(
      try root.texts("DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS") ?? [],
      place: root.place("DISTRIBUTED_STORAGE_DEFAULT_LOCATIONS"), known: known)
    let (written, place) = try Self.writtenPreference(root, environment: environment)
    let preference = try Self.identifiers(written, place: place, known: known)
    if preference.isEmpty, replicationEnabled { throw .emptyPreference(key: place) }
    // Without replication an empty preference means all locations, as in Quay's storage/__init__.py.
    self.preference = preference.isEmpty ? known : preference
    home = preference.first ?? first.id
    locations = inFileOrder.sorted { $0.id < $1.id }
    try checkLocalReplication(table)
  }

  /// The preference as it is written and where: the environment decides over the file, an empty variable too (G1).
  private static func writtenPreference(
    _ root: ConfigurationSection, environment: [String: String]
  ) throws(ConfigurationError) -> ([String], ConfigurationError.Place) {
    for variable in ["QUAY_DISTRIBUTED_STORAGE_PREFERENCE", "DISTRIBUTED_STORAGE_PREFERENCE"] {
      guard let text = environment[variable] else { continue }
      let ids = text.split(whereSeparator: \.isWhitespace).map(String.init)
      return (ids, .init(key: variable, origin: .environment("the environment")))
    }
    let key = "DISTRIBUTED_STORAGE_PREFERENCE"
    return (try root.texts(key) ?? [], root.place(key))
  }

  private static func identifiers(
    _ texts: [String], place: ConfigurationError.Place, known: [LocationID]
  ) throws(ConfigurationError) -> [LocationID] {
    var ids: [LocationID] = []
    for text in texts {
      guard let id = known.first(where: { $0.description == text }) else {
        throw .unknownLocation(key: place, location: Excerpt(text), known: known)
      }
      guard !ids.contains(id) else {
        throw .invalidValue(key: place, value: Excerpt(text), reason: "is listed twice")
      }
      ids.append(id)
    }
    return ids
  }

  /// A local folder cannot be reached from another machine, so replicating between such is for simulations only (S6).
  private func checkLocalReplication(_ table: ConfigurationSection) throws(ConfigurationError) {
    let local = locations.filter { if case .local = $0.engine { true } else { false } }
    guard replicationEnabled, let first = local.first else { return }
    guard local.count == locations.count else {
      throw .invalidValue(
        key: table.place(first.id.description), value: nil,
        reason: "is LocalStorage, which FEATURE_STORAGE_REPLICATION does not support beside other engines")
    }
    guard localReplicationAllowed else {
      throw .invalidValue(
        key: table.place(first.id.description), value: nil,
        reason: "is LocalStorage, which FEATURE_STORAGE_REPLICATION supports only on a single machine: set "
          + "ALLOW_LOCAL_REPLICATION to true if this is one")
    }
  }
}
