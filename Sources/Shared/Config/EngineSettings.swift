package import SharedModel

/// What a location is kept in.
package enum EngineSettings: Sendable, Hashable {
  /// `S3Storage`, `RadosGWStorage`, `RHOCSStorage`, `IBMCloudStorage`: one client, different parameter names.
  case s3(S3Settings)
  /// `SwiftStorage`.
  case openStack(OpenStackSettings)
  /// `AzureStorage`.
  case azure(AzureSettings)
  /// `LocalStorage`.
  case local(LocalSettings)
  /// An engine of Quay whose parameters are checked but which this build cannot open.
  case other(name: String, parameters: EngineParameters)

  /// The settings as they describe themselves; an engine added here needs nothing else of this type.
  package var described: any EngineDescription {
    switch self {
    case .s3(let settings): settings
    case .openStack(let settings): settings
    case .azure(let settings): settings
    case .local(let settings): settings
    case .other(let name, let parameters): UnavailableEngine(engineName: name, parameters: parameters)
    }
  }

  /// The engine's name in the configuration.
  package var engineName: String { described.engineName }

  /// Whether this build can open the engine.
  package var isAvailable: Bool {
    if case .other = self { false } else { true }
  }

  /// Where the bytes are, without secrets: `https://host/bucket/path/` or a folder.
  package var summary: String { described.summary }
}

/// A folder of this machine.
package struct LocalSettings: Sendable, Hashable {
  /// Absolute.
  package let rootPath: String

  /// Makes settings.
  package init(rootPath: String) { self.rootPath = rootPath }
}

extension LocalSettings: EngineDescription {
  package var engineName: String { "LocalStorage" }
  package var summary: String { rootPath }
  package var identity: String { rootPath }
}

/// The checked parameters of an engine this build cannot open.
package struct EngineParameters: Sendable, Hashable {
  /// Texts, numbers and booleans as they were written, without secrets.
  package let values: [String: String]
  package let secrets: [String: Secret]
}

/// A named storage engine.
package struct LocationSettings: Sendable, Hashable {
  package let id: LocationID
  package let engine: EngineSettings
  /// `http(s)://host[:port]` put into presigned URLs instead of the endpoint, for clients that cannot reach that.
  package let publicEndpoint: String?

  /// Makes settings.
  package init(id: LocationID, engine: EngineSettings, publicEndpoint: String? = nil) {
    self.id = id
    self.engine = engine
    self.publicEndpoint = publicEndpoint
  }
}
