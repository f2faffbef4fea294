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
  /// The memory in `limits`, divided between small and large blobs.
  let memory: CopyMemory
  let links: CopyLinks
  /// What is known of the target's acknowledgements.
  let trust: PutTrust
  let policy: CopyPolicy
  let pause: Pause
  let logger: Logger

  /// Puts together what copies to `target` need; all copies to it share this one value.
  init(
    target: any BlobStore, stores: [LocationID: any BlobStore], preference: [LocationID], records: any CopyRecords,
    limits: TransferLimits, links: CopyLinks, trust: PutTrust = PutTrust(), policy: CopyPolicy = CopyPolicy(),
    pause: Pause = .real, logger: Logger
  ) {
    self.target = target
    self.stores = stores
    self.preference = preference
    self.records = records
    self.limits = limits
    memory = CopyMemory(limits.memory)
    self.links = links
    self.trust = trust
    self.policy = policy
    self.pause = pause
    self.logger = logger
  }
}
