import Shared

/// Who is shown reasons in words and other locations (`HEALTH_DETAILS`).
enum DetailsAudience: String, Sendable, CaseIterable {
  /// Superusers, and whoever asks from this host without a proxy between.
  case loopback
  /// Superusers with a Basic login.
  case superusers
  case everybody

  /// What the configuration says.
  init(_ details: HealthSettings.Details) {
    switch details {
    case .loopback: self = .loopback
    case .superusers: self = .superusers
    case .everybody: self = .everybody
    }
  }
}
