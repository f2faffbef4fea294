import Logging
import Shared

/// What every copy to one target works with.
struct CopyContext: Sendable {
  let target: any BlobStore
  /// Every configured store, by location.
  let stores: [LocationID: any BlobStore]
  let preference: [LocationID]
  let records: any CopyRecords
  let limits: TransferLimits
  /// Shared by all targets of the worker.
  let links: CopyLinks
  var policy = CopyPolicy()
  var pause = Pause.real
  let logger: Logger
}
