import ArgumentParser
import Shared

/// Asks the catalog of a part of the registry and says what it answers.
struct ScopeInquiry: Sendable {
  /// Exit code of a scope that does not exist.
  static let unknown = ExitCode(3)
  /// Exit code where something needs a person.
  static let needsPerson = ExitCode(2)

  /// Failures shown.
  private static let shownFailures = 20
  /// Tags, and blobs, asked for at a time, and of how many at most.
  private static let page = 200
  private static let pages = 50

  let catalog: Catalog
  let report: ScopeReport
  let json: Bool
  /// Where lines go.
  let say: @Sendable (String) -> Void

  private var table: ScopeTable { ScopeTable(report: report) }

  /// Answers; throws `ExitCode` 3 for a scope that does not exist, and 2 where a job of it is parked or has no source.
  func answer(_ scope: ScopeOptions.Scope) async throws {
    let status: ScopeStatus?
    switch scope {
    case .namespace(let name): status = try await namespace(name)
    case .repository(let name): status = try await repository(name)
    case .image(let name, let reference): status = try await image(name, reference)
    }
    guard let status else {
      say(json ? "null" : "there is none of that name")
      throw Self.unknown
    }
    let isInTrouble = status.withoutCopy > 0 || status.locations.contains { $0.parked > 0 || $0.sourceLost > 0 }
    if isInTrouble { throw Self.needsPerson }
  }

  private func namespace(_ name: String) async throws -> ScopeStatus? {
    guard try await catalog.hasNamespace(name) else { return nil }
    let status = try await catalog.status(of: .namespace(name))
    let failures = try await catalog.jobs(.failing, of: .namespace(name), limit: Self.shownFailures)
    if json {
      let members: [String: ReportValue] = ["namespace": .text(name), "failures": .list(failures.map(report.job))]
      say(try report.scope(status).adding(members).json())
    } else {
      for line in table.lines(status) + table.lines(failures) { say(line) }
    }
    return status
  }

  private func repository(_ name: RepositoryName) async throws -> ScopeStatus? {
    var images: [TaggedImage] = []
    for _ in 0..<Self.pages {
      let after = images.last?.tag.description
      guard let page = try await catalog.taggedImages(in: name, after: after, limit: Self.page) else { return nil }
      images += page
      guard page.count == Self.page else { break }
    }
    let status = try await catalog.status(of: .repository(name))
    let failures = try await catalog.jobs(.failing, of: .repository(name), limit: Self.shownFailures)
    if json {
      let members: [String: ReportValue] = [
        "repository": .text(name.description), "failures": .list(failures.map(report.job)),
        "images": .list(images.map(report.tagged)),
      ]
      say(try report.scope(status).adding(members).json())
    } else {
      let locations = status.locations.map(\.location)
      for line in table.lines(status) + table.lines(failures) + table.lines(images, at: locations) { say(line) }
    }
    return status
  }

  private func image(_ name: RepositoryName, _ reference: Reference) async throws -> ScopeStatus? {
    guard let image = try await catalog.imageStatus(reference, in: name) else { return nil }
    var blobs: [BlobCopies] = []
    for _ in 0..<Self.pages {
      let page = try await catalog.blobCopies(
        of: .image(name, image.digest), after: blobs.last?.digest, limit: Self.page)
      blobs += page
      guard page.count == Self.page else { break }
    }
    if json {
      let members: [String: ReportValue] = [
        "repository": .text(name.description), "digest": .text(image.digest.description),
        "media_type": .text(image.mediaType), "pushed_at": ScopeReport.time(image.pushedAtMs),
        "tags": .list(image.tags.map { .text($0.description) }), "manifests": .number(image.manifests),
        "blobs": .list(blobs.map(report.blob)),
      ]
      say(try report.scope(image.status, image: image).adding(members).json())
    } else {
      let tags = image.tags.isEmpty ? "no tag" : image.tags.map(\.description).joined(separator: ", ")
      say(
        "\(name)@\(image.digest) (\(tags)), \(image.manifests) manifests, pushed \(LogTime(milliseconds: image.pushedAtMs))"
      )
      for line in table.lines(image.status, image: image) { say(line) }
      let missing = table.lines(blobs, of: image.status)
      for line in missing.isEmpty ? [] : ["", "Missing:"] + missing { say(line) }
    }
    return image.status
  }
}
