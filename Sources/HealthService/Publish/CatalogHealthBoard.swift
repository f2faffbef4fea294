import Foundation
import Shared

/// The board in the database, which every region reaches; ages come from the database's clock.
struct CatalogHealthBoard: HealthBoard {
  let catalog: Catalog

  func publish(_ snapshot: RegionSnapshot) async throws {
    let json = String(decoding: try JSONEncoder().encode(snapshot), as: UTF8.self)
    try await catalog.publishHealth(region: RegionName(parsing: snapshot.region), snapshot: json)
  }

  func snapshots() async throws -> [(snapshot: RegionSnapshot, ageMs: Int64)] {
    let decoder = JSONDecoder()
    return try await catalog.regionHealth().map { entry in
      (try decoder.decode(RegionSnapshot.self, from: Data(entry.snapshot.utf8)), entry.ageMs)
    }
  }
}
