import Shared

/// What the registry API counts and shows. Labels are routes, methods, classes of statuses, configured locations and small
/// fixed sets, whatever clients send (security rule 31).
enum RegistryMetric: String, DeclaredMetric {
  case requests = "meridian_api_requests_total"
  case requestSeconds = "meridian_api_request_seconds"
  case inFlight = "meridian_api_requests_in_flight"
  case connections = "meridian_api_connections"
  case connectionsRefused = "meridian_api_connections_refused_total"
  case sentBytes = "meridian_api_sent_bytes_total"
  case receivedBytes = "meridian_api_received_bytes_total"
  case pushedBytes = "meridian_api_pushed_bytes_total"
  case uploadsOpen = "meridian_api_uploads_open"
  case uploads = "meridian_api_uploads_total"
  case transferMemory = "meridian_api_transfer_memory_bytes"
  case transferMemoryLimit = "meridian_api_transfer_memory_limit_bytes"
  case pulls = "meridian_api_pulls_total"
  case copiesFailed = "meridian_api_copies_failed_total"
  case bodiesResumed = "meridian_api_bodies_resumed_total"
  case wrongBytes = "meridian_api_wrong_bytes_total"
  case quarantined = "meridian_api_copies_quarantined_total"
  case storeUsable = "meridian_api_store_usable"
  case cacheLookups = "meridian_api_cache_lookups_total"
  case manifestCacheBytes = "meridian_api_manifest_cache_bytes"
  case announcementsDropped = "meridian_api_announcements_dropped_total"
  case urgentCopies = "meridian_api_urgent_copies_total"
  case urgentDropped = "meridian_api_urgent_copies_dropped_total"

  var shape: MetricShape {
    switch self {
    case .requests: .counter("Requests answered.", "route", "method", "status")
    case .requestSeconds:
      .histogram("From the head of a request to the end of its answer, in seconds.", "route", "method")
    case .inFlight: .gauge("Requests being answered.")
    case .connections: .gauge("Connections of clients that are open.")
    case .connectionsRefused: .counter("Connections refused because there were too many.")
    case .sentBytes: .counter("Body bytes sent to clients.")
    case .receivedBytes: .counter("Body bytes received from clients.")
    case .pushedBytes: .counter("Bytes of blobs committed.")
    case .uploadsOpen: .gauge("Uploads that a request is writing to or finishing in this process.")
    case .uploads: .counter("Upload sessions, by what became of them.", "event")
    case .transferMemory: .gauge("Memory that uploads hold, by what for.", "purpose")
    case .transferMemoryLimit: .gauge("Memory that uploads may hold, by what for.", "purpose")
    case .pulls:
      .counter("Pulls of blobs that were served, by location of the copy, way and choice.", "location", "way", "copy")
    case .copiesFailed: .counter("Copies of blobs that failed while they were read for a client.")
    case .bodiesResumed: .counter("Bodies that went on from another copy in the middle.")
    case .wrongBytes: .counter("Blobs read for a client whose bytes were wrong; none was sent to its end.")
    case .quarantined: .counter("Copies found missing or wrong by a pull and put aside.")
    case .storeUsable:
      .gauge("Whether a store is used where there is a choice: 1, or 0 while it fails.", "location", "use")
    case .cacheLookups: .counter("Questions to the caches of manifests and tokens.", "cache", "outcome")
    case .manifestCacheBytes: .gauge("Memory the cache of manifests counts.")
    case .announcementsDropped: .counter("Jobs not announced to the queue; the reconciler finds them.")
    case .urgentCopies:
      .counter("Copies moved to the urgent lane because a pull here was served from another location.")
    case .urgentDropped: .counter("Pulls whose blob was not moved to the urgent lane.")
    }
  }

  /// Declares everything `registry-api serve` exposes.
  static func declareAll(in registry: MetricsRegistry) {
    registry.declare(Self.self)
    registry.declare(CatalogMetric.self)
    registry.declare(ReadMetric.self)
  }
}
