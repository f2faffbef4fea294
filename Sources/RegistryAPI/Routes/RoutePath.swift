import HTTPTypes
import Shared

/// Splits the raw path of a request into a typed route, before any access decision is made.
///
/// The path is parsed once and percent-decoded once, segment by segment; encoded separators, dot segments, empty
/// segments and control bytes are refused rather than normalised (security rule 1), and the name is what remains after
/// the end of the path has been recognised from right to left, so `blobs`, `tags` or `uploads` may be components of
/// repository names (wire check 9, security rule 2).
enum RoutePath {
  /// The route of `path`, without its query.
  ///
  /// Throws 404 where the path is none of the API's, and 400 where a name, reference or digest is malformed.
  static func parse(_ path: Substring) throws(OCIFailure) -> Route {
    if path == "/metrics" { return .metrics }
    if path.hasPrefix("/api/") {
      let (segments, endsInSlash) = try segments(path.utf8.dropFirst(5))
      return .admin(try AdminPath.route(of: segments, endsInSlash: endsInSlash))
    }
    guard path == "/v2" || path.hasPrefix("/v2/") else { throw Self.notFound }
    if path.utf8.count <= 4 { return .base }
    // Only the upload collection is written with a trailing slash.
    let (segments, endsInSlash) = try segments(path.utf8.dropFirst(4))
    let route = try Self.route(of: segments)
    if endsInSlash, case .uploads = route { return route }
    guard !endsInSlash else { throw Self.notFound }
    return route
  }

  private static func segments(
    _ rest: Substring.UTF8View
  ) throws(OCIFailure) -> (segments: [String], endsInSlash: Bool) {
    var segments: [String] = []
    for raw in rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      segments.append(try Self.decode(Substring(raw)))
    }
    let endsInSlash = segments.last == ""
    if endsInSlash { segments.removeLast() }
    guard segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { throw Self.malformed }
    return (segments, endsInSlash)
  }

  private static func route(of segments: [String]) throws(OCIFailure) -> Route {
    switch segments.last {
    case "_catalog" where segments.count == 1: return .catalog
    case "auth" where segments.count == 1: return .token
    default: break
    }
    guard segments.count >= 3, let last = segments.last else { throw Self.notFound }
    let before = segments[segments.count - 2]
    let name = segments.dropLast(2)
    switch (before, last) {
    case ("tags", "list"): return .tags(try Self.name(name))
    case ("blobs", "uploads"): return .uploads(try Self.name(name))
    case ("uploads", let id) where name.count >= 2 && name.last == "blobs":
      return .upload(try Self.name(name.dropLast()), UploadID(parsing: id))
    case ("manifests", let reference): return .manifest(try Self.name(name), try Self.reference(reference))
    case ("blobs", let digest): return .blob(try Self.name(name), try Self.digest(digest))
    case ("referrers", let digest): return .referrers(try Self.name(name), try Self.digest(digest))
    default: throw Self.notFound
    }
  }

  private static func decode(_ raw: Substring) throws(OCIFailure) -> String {
    guard let bytes = PercentEncoding.decode(raw.utf8, plusIsSpace: false),
      bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") })
    else { throw Self.malformed }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func name(_ segments: ArraySlice<String>) throws(OCIFailure) -> RepositoryName {
    do {
      return try RepositoryName(parsing: segments.joined(separator: "/"))
    } catch {
      throw OCIFailure(mapping: error)
    }
  }

  private static func digest(_ text: String) throws(OCIFailure) -> Digest {
    do {
      return try Digest(parsing: text)
    } catch {
      throw OCIFailure(mapping: error)
    }
  }

  private static func reference(_ text: String) throws(OCIFailure) -> Reference {
    do {
      return try Reference(parsing: text)
    } catch {
      throw OCIFailure(mapping: error)
    }
  }

  private static let malformed = OCIFailure(.nameInvalid, "the path is malformed")
  private static let notFound = OCIFailure(.unsupported, status: .notFound, "there is nothing at this path")
}
