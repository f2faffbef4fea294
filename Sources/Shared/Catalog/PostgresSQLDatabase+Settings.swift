import Postgres
package import SharedConfig
import SharedModel

extension PostgresSQLDatabase {
  /// Makes the database of a configuration without any I/O; `applicationName` is shown by the server.
  ///
  /// Throws `unavailable`, in one line that never quotes the URI, where the URI cannot be used at all.
  package init(settings: DatabaseSettings, applicationName: String) throws(CatalogError) {
    try self.init(uri: settings.uri, settings: settings, applicationName: applicationName)
  }

  /// Makes the database of the region's read replica, nil where the configuration has none; any server of its URI will
  /// do, a promoted one too.
  package init?(replicaOf settings: DatabaseSettings, applicationName: String) throws(CatalogError) {
    guard let uri = settings.readURI else { return nil }
    try self.init(uri: uri, settings: settings, applicationName: applicationName) { $0.wantsPrimary = false }
  }

  private init(
    uri: Secret, settings: DatabaseSettings, applicationName: String,
    adjusting adjust: (inout PostgresConfiguration) -> Void = { _ in }
  ) throws(CatalogError) {
    var configuration = PostgresConfiguration(uri: uri.revealed, applicationName: applicationName)
    configuration.poolSize = settings.poolSize
    configuration.pipelineConnections = settings.pipelineConnections
    configuration.connectTimeout = settings.connectTimeout
    configuration.statementTimeout = settings.statementTimeout
    adjust(&configuration)
    do {
      try configuration.validate()
    } catch {
      throw .unavailable(detail: error.description, retryAfter: nil)
    }
    self.init(PostgresClient(configuration))
  }
}
