import SharedModel

/// One numbered step of the schema; never changed once it has been applied anywhere.
struct Migration: Sendable {
  let version: Int
  let name: String
  let sql: String

  /// The digest of its text, which the database keeps.
  var checksum: String { Digest(of: sql.utf8).description }

  /// The files under `Migrations/`, compiled into the program, in ascending order.
  static let all = [
    Migration(version: 1, name: "core", sql: String(decoding: PackageResources._001_core_sql, as: UTF8.self)),
    Migration(version: 2, name: "histories", sql: String(decoding: PackageResources._002_histories_sql, as: UTF8.self)),
    Migration(
      version: 3, name: "replication", sql: String(decoding: PackageResources._003_replication_sql, as: UTF8.self)),
    Migration(version: 4, name: "health", sql: String(decoding: PackageResources._004_health_sql, as: UTF8.self)),
    Migration(version: 5, name: "page", sql: String(decoding: PackageResources._005_page_sql, as: UTF8.self)),
  ]
}
