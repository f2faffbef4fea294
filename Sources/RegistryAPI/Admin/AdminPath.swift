import HTTPTypes
import Shared

/// Splits the segments below `/api/v1/replication` into a typed route.
///
/// As in `RoutePath`, a name is what remains after the end of the path has been recognised from right to left. A
/// repository whose last but one component is `images` is asked for with a slash at the end, which says that all
/// of the path is the name.
enum AdminPath {
  /// The route of `path`, of which `RoutePath` has decoded the segments after `/api/`.
  ///
  /// Throws 404 where there is none, and 400 where a name, reference or number is malformed.
  static func route(of segments: [String], endsInSlash: Bool) throws(OCIFailure) -> AdminRoute {
    guard segments.count >= 3, segments[0] == "v1", segments[1] == "replication" else { throw notFound }
    let rest = segments.dropFirst(3)
    switch (segments[2], rest.count) {
    case ("locations", 0) where !endsInSlash: return .locations
    case ("jobs", 0) where !endsInSlash: return .jobs
    case ("at-risk", 0) where !endsInSlash: return .atRisk
    case ("jobs", 1) where !endsInSlash:
      // A number that no job can have is a job that does not exist.
      guard let text = rest.first, let id = JobID(parsing: text) else { throw notFound }
      return .job(id)
    case ("namespaces", 1) where !endsInSlash: return .namespace(try namespace(rest.first))
    case ("namespaces", 2) where !endsInSlash && rest.last == "locations":
      return .namespaceLocations(try namespace(rest.first))
    case ("repositories", 1...): return try repository(rest, endsInSlash: endsInSlash)
    default: throw notFound
    }
  }

  private static func repository(_ segments: ArraySlice<String>, endsInSlash: Bool) throws(OCIFailure) -> AdminRoute {
    guard !endsInSlash, segments.count >= 3, segments.dropLast().last == "images", let last = segments.last else {
      return .repository(try name(segments))
    }
    let repository = try name(segments.dropLast(2))
    do {
      return .image(repository, try Reference(parsing: last))
    } catch {
      throw OCIFailure(mapping: error)
    }
  }

  private static func name(_ segments: ArraySlice<String>) throws(OCIFailure) -> RepositoryName {
    do {
      return try RepositoryName(parsing: segments.joined(separator: "/"))
    } catch {
      throw OCIFailure(mapping: error)
    }
  }

  /// A namespace is one component of a repository's name.
  private static func namespace(_ text: String?) throws(OCIFailure) -> String {
    try name(text.map { [$0] } ?? []).namespace
  }

  private static let notFound = OCIFailure(.unsupported, status: .notFound, "there is nothing at this path")
}
