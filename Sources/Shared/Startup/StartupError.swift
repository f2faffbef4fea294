package import SharedCatalog
package import SharedConfig
package import SharedModel
package import SharedStorage

/// Why a process cannot start, each with one line for the operator and an exit code from sysexits.h.
package enum StartupError: Error, Sendable {
  case configuration(ConfigurationError)
  case invalidAddress(String, option: String)
  case database(CatalogError)
  case store(LocationID, StorageError)
  /// The engine is known and configured, but this build has no code for it.
  case engineUnavailable(LocationID, engine: String)
  /// A location that the command names is not in the configuration.
  case locationUnknown(String, known: [LocationID])
  /// A location that the command names was never registered.
  case locationUnregistered(String, known: [LocationID])
  /// The command line asks for something there is not.
  case wrongUse(String)
  /// What was asked for contradicts itself or the configuration.
  case refused(String)
  /// Nobody is there to be asked, and `--yes` was not given; carries the question.
  case unconfirmed(String)

  /// 78 for a configuration to be mended, 69 for a service that is away, 64 for a wrong command line.
  package var exitCode: Int32 {
    switch self {
    case .configuration, .engineUnavailable, .refused, .store(_, .misconfigured), .store(_, .wrongRegion): 78
    case .database(.schemaTooNew), .database(.schemaTooOld), .database(.migrationDiffers): 78
    case .database, .store: 69
    case .invalidAddress, .locationUnknown, .locationUnregistered, .wrongUse, .unconfirmed: 64
    }
  }
}

extension StartupError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .configuration(let error): "\(error)"
    case .invalidAddress(let text, let option): "\(option): '\(Excerpt(text))' is not HOST:PORT"
    case .database(let error): "DB_URI: \(error)"
    case .store(let location, let error): "DISTRIBUTED_STORAGE_CONFIG: \(location): \(error)"
    case .engineUnavailable(let location, let engine):
      "DISTRIBUTED_STORAGE_CONFIG: \(location): the engine \(engine) is not available in this build"
    case .locationUnknown(let text, let known):
      "--locations: '\(Excerpt(text))' is not a configured location (there are "
        + known.map(\.description).joined(separator: ", ") + ")"
    case .locationUnregistered(let text, let known):
      "there is no location '\(Excerpt(text))' (there are " + known.map(\.description).joined(separator: ", ") + ")"
    case .wrongUse(let reason), .refused(let reason): reason
    case .unconfirmed(let question):
      "nothing was done: there is no terminal to ask \"\(question)\" on; give --yes to answer it beforehand"
    }
  }
}
