import Foundation
import Shared

/// The board in the database, which every region reaches; ages come from the database's clock.
struct CatalogHealthBoard: HealthBoard {
  let catalog: Catalog

  func publish(_ snapshot: RegionSnapshot) async throws {
    let json = String(decoding: try JSONEncoder().encode(snapshot), as: UTF8.self)
    try await catalog.publishHealth(
      region: RegionName(parsing: snapshot.region), instance: snapshot.instance, snapshot: json)
  }

  func observations() async throws -> [RegionObservation] {
    let decoder = JSONDecoder()
    return try await catalog.healthSnapshots().compactMap { entry -> RegionObservation? in
      // What one service wrote in a way nobody can read must not hide the others.
      guard let snapshot = try? decoder.decode(RegionSnapshot.self, from: Data(entry.snapshot.utf8)) else { return nil }
      return RegionObservation(snapshot: snapshot, ageMs: max(0, entry.ageMs))
    }
  }

  /// The drains in force.
  func drains() async throws -> DrainList {
    let list = try await catalog.regionDrains()
    return DrainList(drains: list.drains, nowMs: list.nowMs)
  }
}
