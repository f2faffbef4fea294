package import SharedModel

/// Everything one health service has seen of its region, as it is published to the others.
///
/// Older and newer services share a board (I14): a field that is absent has its default, one that is not known is passed
/// over.
package struct RegionSnapshot: Sendable, Codable, Hashable {
  package let region: String
  /// The location pushes of this region go to.
  package let home: LocationID
  /// The health service's process; empty for a service that does not say.
  package let instance: String
  /// When it was made, in milliseconds since the epoch by that process's host; for people, ages are the board's.
  package let atMs: Int64
  package let components: [ComponentHealth]

  /// Describes a region.
  package init(
    region: String, home: LocationID, instance: String = "", atMs: Int64 = 0, components: [ComponentHealth]
  ) {
    self.region = region
    self.home = home
    self.instance = instance
    self.atMs = atMs
    self.components = components
  }

  /// Reads a snapshot of any version.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    region = try values.decode(String.self, forKey: .region)
    home = try values.decode(LocationID.self, forKey: .home)
    instance = try values.decodeIfPresent(String.self, forKey: .instance) ?? ""
    atMs = try values.decodeIfPresent(Int64.self, forKey: .atMs) ?? 0
    components = try values.decode([ComponentHealth].self, forKey: .components)
  }

  private enum CodingKeys: String, CodingKey {
    case region, home, instance, atMs, components
  }

  /// What is known of a component, `unknown` where it is not listed.
  package func status(of target: ProbeTarget) -> ProbeStatus { component(target)?.status ?? .unknown }

  /// The component as it was seen; nil where it is not listed.
  package func component(_ target: ProbeTarget) -> ComponentHealth? {
    let name = target.name
    return components.first { $0.component == name }
  }
}
