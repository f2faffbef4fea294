import HTTPTypes
import Shared

/// Answers lists of jobs, and one job with its attempts.
struct JobsAnswer: Sendable {
  /// The newest attempts shown of a job.
  private static let shownAttempts = 100

  let services: RegistryServices

  /// Answers a list, oldest first: all that is not done unless `state` says otherwise, of one `location` if given.
  func list(_ request: RegistryRequest) async throws -> Answer {
    let page = try AdminPage(request.query)
    let after = try page.afterNumber().map { JobID(rawValue: $0) }
    let filter = try filter(request.query["state"])
    let target = try Self.location(request.query["location"])
    let found = try await services.catalog.jobs(filter, target: target, after: after, limit: page.size + 1)
    let jobs = Array(found.prefix(page.size))
    let writer = StatusJSON(services, for: request.principal)
    var json = JSONText()
    json.object {
      $0.array("jobs", jobs) { json, job in json.object { writer.job(job, &$0) } }
    }
    var answer = Answer.json(.ok, json.bytes)
    if found.count > page.size, let last = jobs.last {
      answer.fields[.link] = page.next(
        path: "\(AdminRoute.root)/jobs", last: last.id.description,
        and: [("state", request.query["state"]), ("location", target?.description)])
    }
    return answer
  }

  /// Answers one job.
  func one(_ id: JobID) async throws -> Answer {
    guard let job = try await services.catalog.job(id) else {
      throw OCIFailure(.nameUnknown, "there is no such job", detail: id.description)
    }
    let attempts = try await services.catalog.attempts(of: id, limit: Self.shownAttempts)
    let writer = StatusJSON(defaultLocations: [], isOperator: true)
    var json = JSONText()
    json.object {
      writer.job(job, &$0)
      $0.array("attempt_history", attempts) { json, attempt in
        json.object {
          $0.member("outcome", attempt.outcome.rawValue)
          $0.member("ended_at", time: attempt.endedAtMs)
          $0.member("worker", attempt.worker)
          $0.member("source", optional: attempt.source?.description)
          $0.member("bytes_read", attempt.bytesRead)
          $0.member("duration_ms", attempt.durationMs)
          $0.member("error", optional: attempt.error)
        }
      }
    }
    return Answer.json(.ok, json.bytes)
  }

  private func filter(_ text: String?) throws(OCIFailure) -> JobFilter {
    guard let text else { return .unfinished }
    guard let filter = JobFilter(rawValue: text) else {
      let known = JobFilter.allCases.map(\.rawValue).joined(separator: ", ")
      throw OCIFailure(.unsupported, status: .badRequest, "state must be one of \(known)")
    }
    return filter
  }

  /// A location by its id; one nobody has heard of has no jobs, so only the form is checked.
  static func location(_ text: String?) throws(OCIFailure) -> LocationID? {
    guard let text else { return nil }
    do {
      return try LocationID(parsing: text)
    } catch {
      throw OCIFailure(.unsupported, status: .badRequest, "location is no location id")
    }
  }
}
