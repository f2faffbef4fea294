import Shared

/// The line for operators that an error of a look becomes: it is shown on pages, so it names no host, bucket or key.
enum ReasonText {
  /// The line.
  static func of(_ error: any Error) -> String {
    switch error {
    case CatalogError.unavailable: "the database cannot be reached, or does not answer in time"
    case StorageError.bucketMissing: "its bucket or folder does not exist"
    case StorageError.objectMissing: "what was written is not there any more"
    default: "\(error)"
    }
  }
}
