import Postgres
package import SharedConfig
import SharedModel

extension PostgresSQLDatabase {
  /// Makes the database of a configuration without any I/O; `applicationName` is shown by the server.
  ///
  /// Throws `unavailable`, in one line that never quotes the URI, where the URI cannot be used at all.
  package init(settings: DatabaseSettings, applicationName: String) throws(CatalogError) {
    var configuration = PostgresConfiguration(uri: settings.uri.revealed, applicationName: applicationName)
    configuration.poolSize = settings.poolSize
    configuration.pipelineConnections = settings.pipelineConnections
    configuration.connectTimeout = settings.connectTimeout
    configuration.statementTimeout = settings.statementTimeout
    do {
      try configuration.validate()
    } catch {
      throw .unavailable(detail: error.description, retryAfter: nil)
    }
    self.init(PostgresClient(configuration))
  }
}
