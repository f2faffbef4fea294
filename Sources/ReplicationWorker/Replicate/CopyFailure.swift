import Shared

/// Why a blob did not get to its target in one attempt.
enum CopyFailure: Error, Sendable {
  /// Every known copy is gone or holds other bytes.
  case noIntactSource([RejectedSource])
  /// Sources exist but none could be read to the end now; the last error says why.
  case sourcesUnavailable(last: StorageError, rejected: [RejectedSource])
  /// The target refused or failed.
  case target(StorageError, rejected: [RejectedSource])
  /// No store is configured for the only places that hold the blob.
  case sourcesNotConfigured([LocationID])
  /// The worker is stopping.
  case cancelled

  /// A placement found to be missing or to hold other bytes; it must be quarantined and healed.
  struct RejectedSource: Sendable, Hashable {
    let placement: Placement
    let reason: String
  }

  /// The placements to quarantine, whatever the outcome was.
  var rejected: [RejectedSource] {
    switch self {
    case .noIntactSource(let rejected), .sourcesUnavailable(_, let rejected), .target(_, let rejected): rejected
    case .sourcesNotConfigured, .cancelled: []
    }
  }

  /// What a metric counts the failure under: a small fixed set.
  var cause: String {
    switch self {
    case .noIntactSource: "source_lost"
    case .sourcesUnavailable: "source"
    case .target: "target"
    case .sourcesNotConfigured: "not_configured"
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
    case .sourcesNotConfigured(let locations):
      "the only copies are at locations this worker has no configuration for: "
        + locations.map(\.description).joined(separator: ", ")
    case .cancelled: "the worker is stopping"
    }
  }
}
