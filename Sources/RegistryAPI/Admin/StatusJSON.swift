import Shared

/// How the parts of a status are written; the member names are the API's contract.
struct StatusJSON: Sendable {
  /// Where every blob must be unless its namespace says otherwise.
  let defaultLocations: Set<LocationID>
  /// Whether the reader may see the inside: errors of stores, names of workers.
  let isOperator: Bool

  /// The totals and the locations of a scope.
  func scope(
    _ status: ScopeStatus, _ json: inout JSONText, more: (inout JSONText, LocationShare) -> Void = { _, _ in }
  ) {
    json.member("objects", status.objects)
    json.member("bytes", status.bytes)
    json.member("at_risk", status.atRisk)
    json.member("without_copy", status.withoutCopy)
    json.member("is_complete", status.isComplete)
    json.array("locations", status.locations) { json, share in
      json.object {
        $0.member("location", share.location.description)
        $0.member("state", share.state.rawValue)
        $0.member("required", isRequired(share))
        $0.member("objects", share.verified.objects)
        $0.member("bytes", share.verified.bytes)
        $0.member("quarantined", share.quarantined)
        $0.member("pending_objects", share.pending.objects)
        $0.member("pending_bytes", share.pending.bytes)
        $0.member("oldest_pending_seconds", optional: share.oldestPendingSeconds)
        $0.member("failing", share.failing)
        $0.member("parked", share.parked)
        $0.member("source_lost", share.sourceLost)
        more(&$0, share)
      }
    }
  }

  /// A job's members.
  func job(_ job: JobRecord, _ json: inout JSONText) {
    json.member("id", job.id.rawValue)
    json.member("digest", job.digest.description)
    json.member("bytes", job.sizeBytes)
    json.member("location", job.target.description)
    json.member("state", job.state.rawValue)
    json.member("lane", job.lane.rawValue)
    json.member("attempts", Int64(job.attempts))
    json.member("rescues", Int64(job.rescues))
    json.member("created_at", time: job.createdAtMs)
    json.member("due_at", time: job.notBeforeMs)
    json.member("done_at", time: job.doneAtMs)
    json.member("source", optional: job.source?.description)
    guard isOperator else { return }
    json.member("worker", optional: job.worker)
    json.member("last_error", optional: job.lastError)
  }

  /// When an image became readable where, as an array of the locations it is awaited at.
  func arrivals(_ arrivals: [ImageArrival], _ json: inout JSONText) {
    json.array("readable", arrivals) { json, arrival in
      json.object {
        $0.member("location", arrival.location.description)
        $0.member("since", time: arrival.readableAtMs)
      }
    }
  }

  /// One blob with what is known of it at every location.
  func blob(_ blob: BlobCopies, _ json: inout JSONText) {
    json.member("digest", blob.digest.description)
    json.member("bytes", blob.sizeBytes)
    json.array("copies", blob.copies) { json, copy in
      json.object {
        $0.member("location", copy.location.description)
        $0.member("state", copy.state?.rawValue ?? "absent")
        $0.member("verified_at", time: copy.state == .verified ? copy.verifiedAtMs : nil)
        if isOperator { $0.member("reason", optional: copy.reason) }
        if let job = copy.job { $0.member("job") { json in self.job(job, &json) } } else { $0.null("job") }
      }
    }
  }

  /// Whether a namespace's blobs must be at the location: its own word, else the default (G9).
  private func isRequired(_ share: LocationShare) -> Bool {
    guard share.state == .active || share.state == .joining else { return false }
    return share.namespaceRule ?? defaultLocations.contains(share.location)
  }
}

extension StatusJSON {
  /// The writer for one request.
  init(_ services: RegistryServices, for principal: Principal) {
    self.init(
      defaultLocations: Set(services.settings.requiredLocations), isOperator: principal.allows(.superuser))
  }
}

extension JSONText {
  /// Adds a string, or null.
  mutating func member(_ name: String, optional value: String?) {
    if let value { member(name, value) } else { null(name) }
  }

  /// Adds a number, or null.
  mutating func member(_ name: String, optional value: Int64?) {
    if let value { member(name, value) } else { null(name) }
  }

  /// Adds a time given in milliseconds since the epoch, or null.
  mutating func member(_ name: String, time milliseconds: Int64?) {
    if let milliseconds { member(name, LogTime(milliseconds: milliseconds).description) } else { null(name) }
  }
}
