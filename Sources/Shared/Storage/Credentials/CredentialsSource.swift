/// Where credentials come from: a pair that is given, the environment, a file, a role.
package protocol CredentialsSource: Sendable {
  /// Names the source without a secret: two engines whose sources are named alike speak for the same account.
  var identity: String { get }

  /// The credentials where they never change; such a source is never asked to fetch.
  var fixed: StoreCredentials? { get }

  /// After how many seconds they are to be fetched again though their end is not near or not known; nil for never.
  var rereadSeconds: Int64? { get }

  /// Gets the credentials anew; every remote call in it has a deadline of its own.
  ///
  /// Throws `misconfigured` where something has to be mended, else what stood in the way.
  func fetch() async throws(StorageError) -> StoreCredentials
}

extension CredentialsSource {
  package var fixed: StoreCredentials? { nil }
  package var rereadSeconds: Int64? { nil }
}
