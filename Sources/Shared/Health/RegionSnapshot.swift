package import SharedModel

/// Everything one region's health service has seen, as it is published to the others.
package struct RegionSnapshot: Sendable, Codable, Equatable {
  package let region: String
  /// The location pushes of this region go to.
  package let home: LocationID
  package let components: [ComponentHealth]

  /// Describes a region.
  package init(region: String, home: LocationID, components: [ComponentHealth]) {
    self.region = region
    self.home = home
    self.components = components
  }

  /// What is known of a component, `unknown` where it is not listed.
  package func status(of target: ProbeTarget) -> ProbeStatus {
    components.first { $0.component == target.name }?.status ?? .unknown
  }
}
