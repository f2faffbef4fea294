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
    return try await catalog.healthSnapshots().map { entry in
      RegionObservation(
        snapshot: try decoder.decode(RegionSnapshot.self, from: Data(entry.snapshot.utf8)), ageMs: entry.ageMs)
    }
  }
}
