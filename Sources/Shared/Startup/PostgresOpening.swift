internal import Postgres
internal import SharedCatalog
internal import SharedConfig
internal import SharedModel

/// Makes the PostgreSQL adapter of the catalog's database from the configuration; no connection is made yet.
enum PostgresOpening {
  /// Bounds and deadlines come from the settings; `service` is what the server shows as the application.
  static func database(_ settings: DatabaseSettings, service: String) -> PostgresSQLDatabase {
    var configuration = PostgresConfiguration(uri: settings.uri.revealed, applicationName: service)
    configuration.poolSize = settings.poolSize
    configuration.pipelineConnections = settings.pipelineConnections
    configuration.connectTimeout = settings.connectTimeout
    configuration.statementTimeout = settings.statementTimeout
    return PostgresSQLDatabase(PostgresClient(configuration))
  }
}
