import Shared

/// A claimed job with the slot it runs in.
struct ClaimedJob: Sendable {
  let job: ReplicationJob
  /// Where the slot is given back.
  let slots: JobSlots
  /// Whether the job is to show if a failing target works again.
  let isProbe: Bool
}
