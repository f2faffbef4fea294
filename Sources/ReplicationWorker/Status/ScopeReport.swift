import Shared

/// The status of a namespace, repository or image as JSON; its names are those of the HTTP API.
struct ScopeReport: Sendable {
  /// Where every blob must be unless its namespace says otherwise.
  let defaults: Set<LocationID>

  /// The totals and the locations.
  func scope(_ status: ScopeStatus, image: ImageStatus? = nil) -> ReportValue {
    .object([
      "objects": .number(status.objects), "bytes": .number(status.bytes), "at_risk": .number(status.atRisk),
      "without_copy": .number(status.withoutCopy), "is_complete": .flag(status.isComplete),
      "locations": .list(status.locations.map { location($0, image: image) }),
    ])
  }

  /// Whether blobs of the namespace must be there (G9).
  func isRequired(_ share: LocationShare) -> Bool {
    share.state.takesCopies && share.namespaceRule ?? defaults.contains(share.location)
  }

  /// A job.
  func job(_ job: JobRecord) -> ReportValue {
    .object([
      "id": .number(job.id.rawValue), "digest": .text(job.digest.description), "bytes": .number(job.sizeBytes),
      "location": .text(job.target.description), "state": .text(job.state.rawValue), "lane": .text(job.lane.rawValue),
      "attempts": .number(Int64(job.attempts)), "rescues": .number(Int64(job.rescues)),
      "created_at": Self.time(job.createdAtMs), "due_at": Self.time(job.notBeforeMs),
      "done_at": Self.time(job.doneAtMs), "source": .text(job.source?.description), "worker": .text(job.worker),
      "last_error": .text(job.lastError),
    ])
  }

  /// A blob with what is known of it everywhere.
  func blob(_ blob: BlobCopies) -> ReportValue {
    .object([
      "digest": .text(blob.digest.description), "bytes": .number(blob.sizeBytes),
      "copies": .list(
        blob.copies.map { copy in
          .object([
            "location": .text(copy.location.description), "state": .text(copy.state?.rawValue ?? "absent"),
            "verified_at": Self.time(copy.state == .verified ? copy.verifiedAtMs : nil), "reason": .text(copy.reason),
            "job": copy.job.map(job) ?? .text(nil),
          ])
        }),
    ])
  }

  /// A tag with where its image can be read.
  func tagged(_ image: TaggedImage) -> ReportValue {
    .object([
      "tag": .text(image.tag.description), "digest": .text(image.digest.description),
      "media_type": .text(image.mediaType), "updated_at": Self.time(image.updatedAtMs),
      "readable": .list(
        image.arrivals.map { arrival in
          .object(["location": .text(arrival.location.description), "since": Self.time(arrival.readableAtMs)])
        }),
    ])
  }

  /// A time given in milliseconds since the epoch.
  static func time(_ milliseconds: Int64?) -> ReportValue {
    .text(milliseconds.map { LogTime(milliseconds: $0).description })
  }

  private func location(_ share: LocationShare, image: ImageStatus?) -> ReportValue {
    let value = ReportValue.object([
      "location": .text(share.location.description), "state": .text(share.state.rawValue),
      "required": .flag(isRequired(share)), "objects": .number(share.verified.objects),
      "bytes": .number(share.verified.bytes), "quarantined": .number(share.quarantined),
      "pending_objects": .number(share.pending.objects), "pending_bytes": .number(share.pending.bytes),
      "oldest_pending_seconds": .number(share.oldestPendingSeconds), "failing": .number(share.failing),
      "parked": .number(share.parked), "source_lost": .number(share.sourceLost),
    ])
    guard let image else { return value }
    return value.adding([
      "readable": .flag(image.isReadable(at: share.location)),
      "readable_since": Self.time(image.readableSinceMs(at: share.location)),
    ])
  }
}
