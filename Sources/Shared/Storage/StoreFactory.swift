private import Foundation
package import SharedConfig
internal import SharedModel

/// Opens the engine a location's settings name.
package enum StoreFactory {
  /// Opens a location's store without any network access; `probe()` then says whether it can be used.
  ///
  /// Throws `unsupported` for an engine of Quay that this build cannot open, and `misconfigured` where keys, key files or
  /// `environment` (where an engine without keys finds its credentials) have to be mended; a LocalStorage folder is never
  /// made here. A key file is read at once, so this is for the time before a process serves.
  /// `maximumConnections` bounds the sockets to the store that are open at a time.
  package static func open(
    _ location: LocationSettings, maximumConnections: Int = 64, deadlines: StoreDeadlines = StoreDeadlines(),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(StorageError) -> any BlobStore {
    switch location.engine {
    case .s3(let settings):
      var connection = try connection(
        settings, publicEndpoint: location.publicEndpoint, deadlines: deadlines, environment: environment)
      connection.maximumConnections = max(maximumConnections, 1)
      return try S3Store(location: location.id, connection: connection)
    case .openStack(let settings):
      return try OpenStackStore(
        location: location.id,
        connection: OpenStackConnection(
          settings, publicEndpoint: try location.publicEndpoint.map(parsed), deadlines: deadlines,
          maximumConnections: maximumConnections))
    case .azure(let settings):
      let publicEndpoint = try location.publicEndpoint.map { text throws(StorageError) in
        guard let endpoint = StoreEndpoint(parsing: text) else {
          throw .refused(status: 0, code: "InvalidPublicEndpoint")
        }
        return endpoint
      }
      var connection = try AzureConnection(
        settings, publicEndpoint: publicEndpoint, maximumConnections: maximumConnections)
      connection.deadlines = deadlines
      return try AzureStore(location: location.id, connection: connection)
    case .local(let settings):
      return try local(location.id, settings)
    case .other(let name, _):
      throw .unsupported(operation: "open \(name)")
    }
  }

  /// Quay's LocalStorage has one path, which is the root: keys begin below it.
  private static func local(_ id: LocationID, _ settings: LocalSettings) throws(StorageError) -> LocalStore {
    guard let path = StoragePath("") else { throw .refused(status: 0, code: "InvalidStoragePath") }
    return try LocalStore(location: id, rootPath: settings.rootPath, storagePath: path)
  }
}
