package import SharedModel
package import SharedQueue

/// How workers take jobs; leases are measured by the database's clock alone.
extension Catalog {
  /// The newest kind of job this program understands; later ones are left for later programs (I14).
  private static let knownJobVersion = 1

  /// How long a job must have been due to belong to those that a share of every claim is kept for.
  static let longWait = Duration.seconds(60)
  /// The most jobs of one claim: weighing whose turn it is costs more the more are wanted.
  static let claimLimit = 256
  /// One in this many jobs of a claim is for whoever waits longest, so that nothing starves (G14).
  static let agedShare = 8

  /// Claims those of the given jobs that are due, or whose lease has expired, for `lease`.
  ///
  /// Jobs that are done, held by somebody else, not yet due or gone are passed over: a message that comes twice is
  /// harmless (I9). The jobs come in the order of service, with their verified placements.
  package func claimJobs(
    ids: [JobID], worker: String, lease: Duration
  ) async throws(CatalogError) -> [ReplicationJob] {
    guard !ids.isEmpty else { return [] }
    return try await claim(
      claimStatement.claimingNumbers(), after: "", worker: worker, lease: lease, .integers(ids.map(\.rawValue))
    ).jobs
  }

  /// Claims up to `limit` due jobs of one target and class for `lease`, in the order of service (G14).
  ///
  /// Jobs whose worker went silent come first. Then lane by lane; within a lane the namespaces take turns, beginning
  /// after the one served last (`after`, at first empty), each with its smallest blob. One in eight goes to the jobs
  /// that have been due for longest, and more than a minute, whatever their lane and size: nothing starves. Jobs become
  /// eligible `olderThan` after they are due; never more than 256 are claimed at once. Any number of workers may call this at once; the cost does not depend on
  /// how many jobs there are, nor on how many wait for another try.
  ///
  /// A job that five rescues have not brought forward is parked here instead of being handed to a sixth worker.
  package func claimDueJobs(
    target: LocationID, class jobClass: JobClass, after namespace: String, limit: Int, olderThan: Duration,
    worker: String, lease: Duration
  ) async throws(CatalogError) -> ClaimedJobs {
    let limit = min(limit, Self.claimLimit)
    // Where the limit is not a multiple of eight, chance settles the rest, so that small claims give their share too.
    let aged = limit / Self.agedShare + (Int.random(in: 0..<Self.agedShare) < limit % Self.agedShare ? 1 : 0)
    return try await claimDueJobs(
      target: target, class: jobClass, after: namespace, limit: limit, aged: aged, olderThan: olderThan,
      worker: worker, lease: lease)
  }

  /// The same with a stated number for those who wait longest.
  func claimDueJobs(
    target: LocationID, class jobClass: JobClass, after namespace: String, limit: Int, aged: Int, olderThan: Duration,
    worker: String, lease: Duration
  ) async throws(CatalogError) -> ClaimedJobs {
    guard limit > 0 else { return ClaimedJobs(jobs: [], lastNamespace: namespace) }
    func claim(_ limit: Int, after namespace: String) async throws(CatalogError) -> Claim {
      try await self.claim(
        claimDueStatement(limit: limit), after: namespace, worker: worker, lease: lease, .text(target.description),
        .integer(jobClass == .large ? 1 : 0), .text(namespace), .milliseconds(olderThan), .integer(Int64(limit)),
        .integer(Int64(aged)), .milliseconds(Self.longWait))
    }
    let first = try await claim(limit, after: namespace)
    let missing = limit - first.jobs.count
    guard missing > 0, first.promoted > 0 else { return first.claimedJobs }
    do {
      // Jobs have just come back in line after a failure: an empty answer would say that there are none.
      let second = try await claim(missing, after: first.lastNamespace)
      let twice = Set(second.jobs.map(\.id))
      // A lease may have run out in between; the later token is the one that counts.
      return ClaimedJobs(
        jobs: first.jobs.filter { !twice.contains($0.id) } + second.jobs, lastNamespace: second.lastNamespace)
    } catch {
      // What the first statement took is the caller's already and must not wait for its lease to run out.
      guard first.jobs.isEmpty else { return first.claimedJobs }
      throw error
    }
  }

  /// The statement of `claimDueJobs`, for the test that looks at its plan.
  func claimDueStatement(limit: Int) -> String { claimStatement.claimingDue(planned: Self.plannedLimit(limit)) }

  private var claimStatement: ClaimStatement {
    ClaimStatement(
      dialect: dialect, knownVersion: Self.knownJobVersion, maximumRescues: JobStateMachine.maximumRescues)
  }

  /// What one statement brought.
  private struct Claim {
    var jobs: [ReplicationJob] = []
    var lastNamespace: String
    /// How many jobs came back in line.
    var promoted: Int64 = 0

    var claimedJobs: ClaimedJobs { ClaimedJobs(jobs: jobs, lastNamespace: lastNamespace) }
  }

  /// Runs a claim under a fresh token; parameters from the fourth on are the statement's own.
  private func claim(
    _ statement: String, after namespace: String, worker: String, lease: Duration, _ parameters: SQLValue...
  ) async throws(CatalogError) -> Claim {
    let token = RandomIdentifier()
    let rows = try await write(
      statement, [.text(token.hex), .milliseconds(lease), .text(Self.storable(worker))] + parameters)
    return try Self.claim(rows, token: token, after: namespace)
  }

  /// Gathers the rows of one job, one for each placement, into the job; where nothing was claimed there is one row
  /// without a job.
  private static func claim(
    _ rows: [SQLRow], token: RandomIdentifier, after namespace: String
  ) throws(CatalogError) -> Claim {
    var claim = Claim(lastNamespace: namespace)
    var at = rows.startIndex
    while at < rows.endIndex {
      let row = rows[at]
      claim.promoted = try row.integer(0)
      if try row.isNull(1) { break }
      let announcement = try row.announcement(from: 1)
      var sources: [Placement] = []
      while at < rows.endIndex, try rows[at].integer(1) == announcement.id.rawValue {
        if let placement = try rows[at].placement(from: 12) { sources.append(placement) }
        at += 1
      }
      let job = ReplicationJob(
        id: announcement.id, blob: BlobID(rawValue: try row.integer(4)), digest: try row.digest(5),
        sizeBytes: try row.integer(6), target: announcement.target, lane: announcement.lane,
        namespace: try row.text(10), attempt: try row.count(7) + 1, rescues: try row.count(8), leaseToken: token,
        createdAtMs: try row.integer(9), sources: sources)
      claim.jobs.append(job)
      // Round 0 are rescues and those who waited longest: it was nobody's turn.
      if try row.integer(11) > 0 { claim.lastNamespace = job.namespace }
    }
    return claim
  }
}
