/// What the settings of every engine say of themselves, without secrets.
package protocol EngineDescription: Sendable {
  /// The engine's name in the configuration.
  var engineName: String { get }

  /// Where the bytes are, for people: `https://host/bucket/path/` or a folder.
  var summary: String { get }

  /// What two regions must mean by one location id, as it enters the fingerprint (G8): bucket and path, or the folder.
  ///
  /// Addresses and credentials stay out, for they may differ between regions.
  var identity: String { get }
}

/// An engine of Quay's whose parameters are known and which this build cannot open.
struct UnavailableEngine: EngineDescription {
  let engineName: String
  let parameters: EngineParameters

  var summary: String {
    ["bucket_name", "s3_bucket", "azure_container", "swift_container"].compactMap { parameters.values[$0] }.first
      .map { "bucket \($0)" } ?? "unknown"
  }

  var identity: String {
    ["bucket_name", "s3_bucket", "azure_account_name", "azure_container", "swift_container", "storage_path"]
      .compactMap { parameters.values[$0] }.joined(separator: "/")
  }
}
