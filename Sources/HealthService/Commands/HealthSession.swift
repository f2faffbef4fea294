import Foundation
import Shared

/// What the operators' commands work with: the configuration, the database and the board in Redis.
struct HealthSession: Sendable {
  let configuration: Configuration
  let catalog: Catalog
  let board: RedisHealthBoard

  /// Opens everything for one piece of work and closes it again.
  static func with<Value: Sendable>(path: String, _ body: (HealthSession) async throws -> Value) async throws -> Value {
    let configuration = try Startup.configuration(path: path).configuration
    let board = RedisHealthBoard(settings: configuration.redis)
    do {
      let value = try await Startup.withCatalog(path: path, service: "health-service") { catalog in
        try await body(HealthSession(configuration: configuration, catalog: catalog, board: board))
      }
      await board.close()
      return value
    } catch {
      await board.close()
      throw error
    }
  }

  /// The regions there are: those of the configuration, and those heard of.
  func knownRegions() async throws -> Set<String> {
    let heard = try await catalog.healthSnapshots().map(\.region.description)
    return Set(configuration.regions.map(\.name.description) + heard + [configuration.ownRegion.description])
  }

  /// The region of that name; throws `wrongUse` for one there is not.
  func region(_ name: String) async throws -> RegionName {
    let known = try await knownRegions()
    guard known.contains(name), let region = try? RegionName(parsing: name) else {  // The reason is said here.
      throw StartupError.wrongUse(
        "there is no region '\(name.prefix(64))' (there are \(known.sorted().joined(separator: ", ")))")
    }
    return region
  }

  /// Tells the others at once; without Redis they read the database within two seconds anyway.
  func spreadDrains() async {
    do {
      let drains = try await catalog.regionDrains()
      try await board.mirror(DrainList(drains: drains.drains, nowMs: drains.nowMs))
    } catch {
      CommandOutcome.remark("not copied to Redis (\(error)); the health services read the database within 2 seconds")
    }
  }
}

extension Configuration {
  /// The region this command runs in: an operator's shell has no REGION_NAME, but REGIONS names the region of the home
  /// location.
  var ownRegion: RegionName {
    (regions.first { $0.name == region } ?? regions.first { $0.location == home })?.name ?? region
  }
}

extension Encodable {
  /// The value as JSON, the members in the order of their names.
  func healthJSON() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
