import SharedModel

/// A hash over what must be the same in every region, compared at start with the one in the database (G8).
///
/// It covers each location's id, engine and bucket or folder, the default locations, whether replication is on, and the
/// shared secrets. Order in the file, comments, credentials of stores (they are rotated region by region), preference
/// and addresses of services do not count. A low-entropy secret cannot be searched for with it, since every secret is
/// hashed together with `SECRET_KEY`, and nothing but that where it is missing.
enum Fingerprint {
  /// Raised whenever what is hashed changes, so that drift between versions is told apart.
  private static let version = 1

  /// `v1-` and 64 lowercase hexadecimal characters.
  static func of(storage: StorageSettings, access: AccessSettings) -> String {
    var fields: [String] = ["replication", storage.replicationEnabled ? "on" : "off"]
    for location in storage.locations {
      fields += ["location", location.id.description, location.engine.engineName, location.engine.described.identity]
    }
    for id in storage.defaultLocations.sorted() { fields += ["default", id.description] }
    if let key = access.secretKey {
      fields += ["SECRET_KEY", hash(["SECRET_KEY", key.revealed])]
      for (name, secret) in [
        ("DATABASE_SECRET_KEY", access.databaseSecretKey), ("SUPERUSER_PASSWORD", access.superuserPassword),
      ] {
        if let secret { fields += [name, hash([name, key.revealed, secret.revealed])] }
      }
    }
    return "v\(version)-\(hash(fields))"
  }

  /// The SHA-256 of the fields, each preceded by its length so that no two lists of fields run together.
  private static func hash(_ fields: [String]) -> String {
    var hasher = ContentHasher()
    for field in fields { hasher.update(Array("\(field.utf8.count):\(field)".utf8)) }
    return hasher.digest().hex
  }
}
