import Shared

/// What the copies to one target share and are bounded by.
struct TransferLimits: Sendable {
  /// The memory of this target's copies, its own, so that none of another target is waited for (I12).
  let memory: TransferMemory
  /// The breakers of all stores of this worker.
  let breakers: StoreBreakers
  /// The bandwidth to this target.
  let pacing: any TransferPacing
}
