import Foundation
import Logging
import ServiceLifecycle
import Shared

/// Listens to what this region's health service publishes about the stores (H5).
///
/// Only its own region's word counts: another one looks over other lines. A service that is away, or a database that is,
/// leaves the API to its own experience.
struct HealthWord: Service {
  let region: RegionName
  let catalog: Catalog
  let health: StoreHealth
  let logger: Logger
  var interval: Duration = .seconds(2)
  /// What was said longer ago is not listened to.
  var oldest: Duration = .seconds(15)

  /// Listens until shutdown.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          try await listen()
        } catch {
          logger.debug("the health board is not known", metadata: ["error": "\(error)"])
        }
        // Cancellation is the only error sleeping has, and the loop looks at it next.
        try? await ContinuousClock().sleep(for: interval * Double.random(in: 0.8...1.2))
      }
    }
  }

  /// Takes in the region's last word, where it is recent.
  func listen() async throws {
    guard let published = try await catalog.regionHealth().first(where: { $0.region == region }) else { return }
    let age = Duration.milliseconds(max(published.ageMs, 0))
    guard age <= oldest else { return }
    let snapshot = try JSONDecoder().decode(RegionSnapshot.self, from: Data(published.snapshot.utf8))
    let statuses = Dictionary(snapshot.components.map { ($0.component, $0.status) }) { first, _ in first }
    for location in health.locations {
      guard let status = statuses[ProbeTarget.storage(location).name] else { continue }
      health.recordWord(location, status, age: age)
    }
  }
}
