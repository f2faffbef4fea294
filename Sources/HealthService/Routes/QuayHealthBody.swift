import Foundation
import Shared

/// Quay's health answer: `{"data":{"services":{name:bool}},"status_code":200}` (quay/quay, health/healthcheck.py).
struct QuayHealthBody: Encodable, Equatable {
  struct Services: Encodable, Equatable {
    let services: [String: Bool]
  }

  let data: Services
  let statusCode: Int

  enum CodingKeys: String, CodingKey {
    case data
    case statusCode = "status_code"
  }

  /// `/health/instance`: what this region needs to serve, its database and its home store.
  static func instance(_ snapshot: RegionSnapshot) -> QuayHealthBody {
    let services = [
      "database": snapshot.status(of: .database).servesTraffic,
      "storage": snapshot.status(of: .storage(snapshot.home)).servesTraffic,
    ]
    return QuayHealthBody(services: services, isHealthy: services.values.allSatisfy { $0 })
  }

  /// `/health/endtoend`: the same with Redis and each location by name; only what the region needs decides the status.
  static func endToEnd(_ snapshot: RegionSnapshot) -> QuayHealthBody {
    var services = instance(snapshot).data.services
    for component in snapshot.components where component.component != ProbeTarget.database.name {
      services[component.component] = component.status.servesTraffic
    }
    return QuayHealthBody(services: services, isHealthy: instance(snapshot).statusCode == 200)
  }

  private init(services: [String: Bool], isHealthy: Bool) {
    data = Services(services: services)
    statusCode = isHealthy ? 200 : 503
  }

  /// The body as JSON with its keys in a stable order.
  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return Array(try encoder.encode(self))
  }
}
