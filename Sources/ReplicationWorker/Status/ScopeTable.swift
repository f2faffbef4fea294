import Shared

/// The status of a namespace, repository or image as lines for people.
struct ScopeTable: Sendable {
  let report: ScopeReport

  /// The totals in a sentence, then a line for each location.
  func lines(_ status: ScopeStatus, image: ImageStatus? = nil) -> [String] {
    var header = [
      "LOCATION", "STATE", "REQUIRED", "BLOBS", "PENDING", "PENDING SIZE", "OLDEST", "FAILING", "PARKED", "LOST",
    ]
    if image != nil { header.append("READABLE") }
    let rows = status.locations.map { share -> [String] in
      let row = [
        share.location.description, share.state.rawValue, report.isRequired(share) ? "yes" : "no",
        "\(ProgressUnit.grouped(share.verified.objects))/\(ProgressUnit.grouped(status.objects))",
        ProgressUnit.grouped(share.pending.objects), ProgressUnit.size(share.pending.bytes),
        share.oldestPendingSeconds.map { "\($0) s" } ?? "-", ProgressUnit.grouped(share.failing),
        ProgressUnit.grouped(share.parked), ProgressUnit.grouped(share.sourceLost),
      ]
      return image.map { row + [Self.readable($0, at: share.location)] } ?? row
    }
    return [totals(status), ""] + Self.aligned([header] + rows)
  }

  /// A line for each tag and, by location, since when its image can be read.
  func lines(_ images: [TaggedImage], at locations: [LocationID]) -> [String] {
    guard !images.isEmpty else { return [] }
    let rows = images.map { image in
      [image.tag.description]
        + locations.map { location in
          guard let arrival = image.arrivals.first(where: { $0.location == location }) else { return "-" }
          return arrival.readableAtMs.map { LogTime(milliseconds: $0).description } ?? "waiting"
        }
    }
    return ["", "Readable since:"] + Self.aligned([["TAG"] + locations.map(\.description)] + rows)
  }

  /// A line for each copy of a blob that is required and not there, or is on its way.
  func lines(_ blobs: [BlobCopies], of status: ScopeStatus) -> [String] {
    let required = Set(status.locations.filter(report.isRequired).map(\.location))
    return blobs.flatMap { blob in
      blob.copies.filter { $0.state != .verified && ($0.job != nil || required.contains($0.location)) }.map { copy in
        let state = copy.state == .quarantined ? "quarantined" : "absent"
        let job = copy.job.map { "job \($0.id) \($0.state.rawValue), \($0.attempts) failures" } ?? "no job"
        let reason = copy.job?.lastError ?? copy.reason
        return "\(blob.digest)  \(ProgressUnit.size(blob.sizeBytes))  \(copy.location)  \(state), \(job)"
          + (reason.map { ": \($0)" } ?? "")
      }
    }
  }

  /// A line for each job that has failed.
  func lines(_ failures: [JobRecord]) -> [String] {
    guard !failures.isEmpty else { return [] }
    return ["", "Failing:"]
      + failures.map { job in
        "job \(job.id)  \(job.target)  \(job.state.rawValue), \(job.attempts) failures  \(job.digest)"
          + (job.lastError.map { ": \($0)" } ?? "")
      }
  }

  private func totals(_ status: ScopeStatus) -> String {
    let size = ProgressUnit.size(status.bytes)
    var line = "\(ProgressUnit.grouped(status.objects)) blobs, \(size)"
    line += "; \(ProgressUnit.grouped(status.atRisk)) with one verified copy only"
    if status.withoutCopy > 0 { line += "; \(ProgressUnit.grouped(status.withoutCopy)) WITHOUT ANY COPY" }
    return line + (status.isComplete ? "" : " (of the first blobs looked at: there are more)")
  }

  private static func readable(_ image: ImageStatus, at location: LocationID) -> String {
    guard image.isReadable(at: location) else { return "no" }
    return image.readableSinceMs(at: location).map { "since \(LogTime(milliseconds: $0))" } ?? "yes"
  }

  /// Cells in columns, without blanks at the end of a line.
  private static func aligned(_ rows: [[String]]) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { $0.dropFirst(column).first?.count ?? 0 }.max() ?? 0 }
    return rows.map { row in
      let line = zip(row, widths).map { text, width in text + String(repeating: " ", count: width - text.count) }
        .joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }
}
