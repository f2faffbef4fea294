/// One numbered step of the schema.
struct Migration: Sendable {
  let version: Int
  let name: String
  let sql: String

  /// The files under `Migrations/`, compiled into the program, in ascending order.
  static let all = [
    Migration(version: 1, name: "core", sql: String(decoding: PackageResources._001_core_sql, as: UTF8.self))
  ]
}
