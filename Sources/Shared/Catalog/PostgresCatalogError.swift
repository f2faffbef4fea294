import Postgres

extension CatalogError {
  /// What a driver's error means for the catalog; `losing` is what an answer lost on the way means for this call.
  init(_ error: PostgresError, losing lost: CatalogError) {
    switch error {
    case .connectionFailed(let message): self = .unavailable(detail: message, retryAfter: .seconds(1))
    case .connectionLost, .deadlineExceeded: self = lost
    case .outcomeUnknown: self = .outcomeUnknown
    case .poolExhausted: self = .limitExceeded(detail: error.description)
    case .resultTooLarge: self = .limitExceeded(detail: error.description)
    case .cancelled: self = .cancelled
    case .closed: self = .closed
    case .decoding: self = .invalidRow(detail: error.description)
    case .invalidParameter(let reason): self = .invalidParameter(detail: reason)
    case .server(let state, let message, let constraint):
      self = Self.serverError(error, state: state, message: message, constraint: constraint)
    }
  }

  /// By SQLSTATE (PostgreSQL manual, appendix A).
  private static func serverError(
    _ error: PostgresError, state: String, message: String, constraint: String?
  ) -> CatalogError {
    if error.isSerializationConflict { return .contended }
    if error.isReadOnly { return .readOnly }
    if error.isLockTimeout { return .unavailable(detail: message, retryAfter: .seconds(1)) }
    switch state.prefix(2) {
    case "22": return .invalidParameter(detail: message)
    case "23":
      guard let constraint else { return .refused(code: state, detail: message) }
      return error.isCheckViolation
        ? .invalidParameter(detail: "constraint \(constraint)") : .conflict(conflict(constraint))
    case "53": return .limitExceeded(detail: message)
    case "08", "57", "58": return .unavailable(detail: message, retryAfter: .seconds(1))
    default: return .refused(code: state, detail: message)
    }
  }

  /// By the names the server gives to the constraints of `0001_core.sql`.
  private static func conflict(_ constraint: String) -> Conflict {
    switch constraint {
    case "upload_sessions_pkey": .uploadExists
    case "placements_location_object_key_key": .keyInUse
    case "repository_blobs_repository_fkey", "upload_sessions_repository_fkey", "manifests_repository_fkey":
      .repositoryUnknown
    case "placements_location_fkey", "jobs_target_fkey", "upload_sessions_location_fkey",
      "object_deletions_location_fkey":
      .locationUnknown
    default: .constraint(constraint)
    }
  }
}
