import Shared

/// What the health service counts and shows. Labels are the configured regions and locations, components, routes and small
/// fixed sets.
enum HealthMetric: String, DeclaredMetric {
  case serves = "meridian_health_region_serves"
  case weight = "meridian_health_region_weight"
  case status = "meridian_health_region_status"
  case age = "meridian_health_region_age_seconds"
  case instances = "meridian_health_region_instances"
  case disagreements = "meridian_health_region_disagreements"
  case drained = "meridian_health_region_drained"
  case component = "meridian_health_component_status"
  case value = "meridian_health_component_value"
  case probes = "meridian_health_probes_total"
  case probeSeconds = "meridian_health_probe_seconds"
  case boardReachable = "meridian_health_board_reachable"
  case requests = "meridian_health_requests_total"
  case agentChecks = "meridian_health_agent_checks_total"
  case agentConnections = "meridian_health_agent_connections"

  var shape: MetricShape {
    switch self {
    case .serves: .gauge("1 while a region should be sent such requests, else 0.", "region", "direction")
    case .weight: .gauge("The share of requests a region should be sent, 0 to 100.", "region", "direction")
    case .status: .gauge("The verdict on a region: 3 pass, 2 warn, 1 unknown, 0 fail.", "region", "direction")
    case .age: .gauge("How old what is known of a region is, in seconds.", "region")
    case .instances: .gauge("Health services heard of in a region.", "region")
    case .disagreements: .gauge("Components on which the health services of a region disagree.", "region")
    case .drained: .gauge("1 while an operator has drained a region, else 0.", "region", "direction")
    case .component:
      .gauge("A component as this region sees it: 3 pass, 2 warn, 1 unknown, 0 fail.", "component", "direction")
    case .value: .gauge("What was measured of a component; the unit ends the value's name.", "component", "value")
    case .probes: .counter("Probes that ended, by component and outcome.", "component", "outcome")
    case .probeSeconds: .histogram("How long probes took, in seconds.", "component")
    case .boardReachable: .gauge("1 while snapshots can be exchanged that way, else 0.", "board")
    case .requests: .counter("Requests answered.", "route", "status")
    case .agentChecks: .counter("Agent checks answered, by the answer's first word.", "answer")
    case .agentConnections: .gauge("Connections of agent checks that are open.")
    }
  }

  /// Declares everything `health-service run` exposes.
  static func declareAll(in registry: MetricsRegistry) {
    registry.declare(Self.self)
    registry.declare(CatalogMetric.self)
    registry.declare(ReadMetric.self)
  }
}
