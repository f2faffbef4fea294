package import SharedQueue

/// What a claim brought.
package struct ClaimedJobs: Sendable, Hashable {
  /// The jobs, in the order of service.
  ///
  /// Fewer than asked for does not mean that there are no more: rows that another claim was taking are passed over.
  /// None at all means that nothing is due but what others are taking at this moment.
  package let jobs: [ReplicationJob]
  /// Whose turn it was last; the next claim of this worker begins after it.
  package let lastNamespace: String

  /// States what was claimed.
  package init(jobs: [ReplicationJob], lastNamespace: String) {
    self.jobs = jobs
    self.lastNamespace = lastNamespace
  }
}
