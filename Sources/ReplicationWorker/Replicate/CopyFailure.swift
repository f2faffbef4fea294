import Shared

/// Why a blob did not get to its target in one attempt.
enum CopyFailure: Error, Sendable {
  /// Every known copy is gone or holds other bytes.
  case noIntactSource([RejectedSource])
  /// Sources exist but none could be read to the end now; the last error says why.
  case sourcesUnavailable(last: StorageError, rejected: [RejectedSource])
  /// The target refused or failed.
  case target(StorageError, rejected: [RejectedSource])
  /// The catalog could not be asked or told.
  case records(CatalogError, rejected: [RejectedSource])
  /// No store is configured for the only places that hold the blob.
  case sourcesNotConfigured([LocationID])
  /// Somebody else holds the job by now; what is in the store is theirs too and is left alone (I9).
  case leaseLost
  /// The worker is stopping.
  case cancelled

  /// A placement found to be missing or to hold other bytes; it must be quarantined and healed.
  struct RejectedSource: Sendable, Hashable {
    let placement: Placement
    let reason: String
    /// Whether only its bytes, read from here, were wrong: the way to the store may have spoilt them.
    var isHearsay = false
  }

  /// The placements to quarantine, whatever the outcome was.
  var rejected: [RejectedSource] {
    switch self {
    case .noIntactSource(let rejected), .sourcesUnavailable(_, let rejected), .target(_, let rejected),
      .records(_, let rejected):
      rejected
    case .sourcesNotConfigured, .leaseLost, .cancelled: []
    }
  }

  /// The same failure, with what was found out before it.
  func adding(_ earlier: [RejectedSource]) -> CopyFailure {
    switch self {
    case .noIntactSource(let rejected): .noIntactSource(earlier + rejected)
    case .sourcesUnavailable(let last, let rejected): .sourcesUnavailable(last: last, rejected: earlier + rejected)
    case .target(let error, let rejected): .target(error, rejected: earlier + rejected)
    case .records(let error, let rejected): .records(error, rejected: earlier + rejected)
    case .sourcesNotConfigured, .leaseLost, .cancelled: self
    }
  }

  /// What a metric counts the failure under: a small fixed set.
  var cause: String {
    switch self {
    case .noIntactSource: "source_lost"
    case .sourcesUnavailable: "source"
    case .target: "target"
    case .records: "catalog"
    case .sourcesNotConfigured: "not_configured"
    case .leaseLost: "lease_lost"
    case .cancelled: "cancelled"
    }
  }
}

extension CopyFailure: CustomStringConvertible {
  var description: String {
    switch self {
    case .noIntactSource(let rejected):
      "no intact copy is left: "
        + rejected.map { "\($0.placement.location): \($0.reason)" }.joined(separator: "; ")
    case .sourcesUnavailable(let last, _): "no source could be read: \(last)"
    case .target(let error, _): "the target failed: \(error)"
    case .records(let error, _): "the catalog failed: \(error)"
    case .sourcesNotConfigured(let locations):
      "the only copies are at locations this worker has no configuration for: "
        + locations.map(\.description).joined(separator: ", ")
    case .leaseLost: "the lease has been lost to another worker"
    case .cancelled: "the worker is stopping"
    }
  }
}
