import HTTPTypes
import Shared
import Testing

@testable import RegistryAPI

@Suite("Path parser")
struct RoutePathTests {
  private let digest = "sha256:" + String(repeating: "a", count: 64)
  private let id = String(repeating: "0f", count: 16)

  private func name(_ text: String) throws -> RepositoryName { try RepositoryName(parsing: text) }

  @Test("recognises every route")
  func everyRoute() throws {
    #expect(try RoutePath.parse("/v2/") == .base)
    #expect(try RoutePath.parse("/v2") == .base)
    #expect(try RoutePath.parse("/v2/auth") == .token)
    #expect(try RoutePath.parse("/v2/_catalog") == .catalog)
    #expect(try RoutePath.parse("/metrics") == .metrics)
    #expect(try RoutePath.parse("/v2/a/b/tags/list") == .tags(name("a/b")))
    #expect(try RoutePath.parse("/v2/a/manifests/latest") == .manifest(name("a"), Reference(parsing: "latest")))
    #expect(try RoutePath.parse("/v2/a/manifests/\(digest)") == .manifest(name("a"), Reference(parsing: digest)))
    #expect(try RoutePath.parse("/v2/a/blobs/\(digest)") == .blob(name("a"), Digest(parsing: digest)))
    #expect(try RoutePath.parse("/v2/a/blobs/uploads/") == .uploads(name("a")))
    #expect(try RoutePath.parse("/v2/a/blobs/uploads") == .uploads(name("a")))
    #expect(try RoutePath.parse("/v2/a/blobs/uploads/\(id)") == .upload(name("a"), UploadID(parsing: id)))
    #expect(try RoutePath.parse("/v2/a/referrers/\(digest)") == .referrers(name("a"), Digest(parsing: digest)))
  }

  @Test("lets a digest's colon be percent-encoded")
  func encodedColon() throws {
    let encoded = digest.replacing(":", with: "%3A")
    #expect(try RoutePath.parse("/v2/a/blobs/\(encoded)") == .blob(name("a"), Digest(parsing: digest)))
  }

  @Test(
    "splits from right to left, so reserved words may be parts of names",
    arguments: [
      "blobs", "manifests", "tags", "referrers", "uploads", "a/blobs/uploads", "blobs/uploads", "a/tags/list", "auth",
      "a/manifests/latest", "tags/list",
    ])
  func reservedWordsInNames(_ text: String) throws {
    let name = try name(text)
    #expect(try RoutePath.parse("/v2/\(text)/tags/list") == .tags(name))
    #expect(try RoutePath.parse("/v2/\(text)/manifests/v1") == .manifest(name, Reference(parsing: "v1")))
    #expect(try RoutePath.parse("/v2/\(text)/blobs/uploads/") == .uploads(name))
    #expect(try RoutePath.parse("/v2/\(text)/blobs/uploads/\(id)") == .upload(name, UploadID(parsing: id)))
    #expect(try RoutePath.parse("/v2/\(text)/blobs/\(digest)") == .blob(name, Digest(parsing: digest)))
  }

  @Test("an id that cannot be ours is an unknown upload, not an error of its own", arguments: ["x", "*", "..x", "ABC"])
  func foreignUploadID(_ text: String) throws {
    #expect(try RoutePath.parse("/v2/a/blobs/uploads/\(text)") == .upload(name("a"), nil))
  }

  @Test(
    "refuses what is not canonical with 400 or 404",
    arguments: [
      "/v2/pub/%2e%2e/priv/manifests/latest", "/v2/pub/../priv/manifests/latest", "/v2//priv/manifests/latest",
      "/v2/a%2Fb/tags/list", "/v2/a%2fb/tags/list", "/v2/a%5cb/tags/list", "/v2/a\\b/tags/list", "/v2/_catalog/",
      "/V2/",
      "/v2/auth/", "/", "", "/v3/", "/v2x", "/v2/a", "/v2/a/b", "/v2/tags/list", "/v2/a/tags/list/", "/v2/a/tags/list2",
      "/v2/a/manifests/", "/v2/a/manifests/latest/", "/v2/a/manifests/./latest", "/v2/a/./tags/list",
      "/v2/a%00/tags/list", "/v2/a%0a/tags/list", "/v2/a%0d%0aSet-Cookie:x/tags/list", "/v2/a%/tags/list",
      "/v2/a%2/tags/list", "/v2/a%zz/tags/list", "/v2/A/tags/list", "/v2/a..b/tags/list", "/v2/a--__b/tags/list",
      "/v2/a/-b/tags/list", "/v2/%ef%bd%81/b/tags/list", "/v2/ａ/b/tags/list", "/v2/a/tags/list%20",
      "/v2/a/manifests/-x", "/v2/a/manifests/a%20b", "/v2/a/manifests/sha256:../../etc/passwd", "/metrics/",
      "/metrics2",
      "/v2/a/blobs/latest", "/v2/a/referrers/latest", "/v2/a%c3%28/tags/list", "/v2/a%252e/tags/list",
    ])
  func nastyPaths(_ path: String) {
    #expect {
      try RoutePath.parse(path[...])
    } throws: { error in
      guard let failure = error as? OCIFailure else { return false }
      return failure.status == .badRequest || failure.status == .notFound
    }
  }

  @Test("refuses malformed digests, tags and names with their own codes")
  func codes() {
    func code(_ path: String) -> OCIErrorCode? {
      do {
        _ = try RoutePath.parse(path[...])
        return nil
      } catch {
        return error.entries.first?.code
      }
    }
    #expect(code("/v2/a/blobs/sha256:abc") == .digestInvalid)
    #expect(code("/v2/a/blobs/md5:\(String(repeating: "a", count: 32))") == .digestInvalid)
    #expect(code("/v2/a/blobs/sha256:\(String(repeating: "A", count: 64))") == .digestInvalid)
    #expect(code("/v2/a/blobs/\(digest)%00") == .nameInvalid)
    #expect(code("/v2/a/referrers/sha256:x") == .digestInvalid)
    #expect(code("/v2/a/manifests/\(String(repeating: "t", count: 129))") == .manifestInvalid)
    #expect(code("/v2/a/manifests/\(String(repeating: "t", count: 128))") == nil)
    #expect(code("/v2/\(String(repeating: "n", count: 256))/tags/list") == .nameInvalid)
    #expect(code("/v2/\(String(repeating: "n", count: 255))/tags/list") == nil)
    #expect(code("/v2/UPPER/tags/list") == .nameInvalid)
  }

  @Test("a path of megabytes is refused without harm")
  func hugePath() {
    #expect(throws: OCIFailure.self) {
      try RoutePath.parse("/v2/\(String(repeating: "a/", count: 500_000))tags/list")
    }
  }

  @Test("every method a route does not have gets 405 with Allow")
  func methods() throws {
    let routes: [Route] = [
      .base, .token, .catalog, .metrics, .tags(try name("a")), .uploads(try name("a")), .upload(try name("a"), nil),
      .blob(try name("a"), try Digest(parsing: digest)), .manifest(try name("a"), try Reference(parsing: "x")),
      .referrers(try name("a"), try Digest(parsing: digest)),
    ]
    for route in routes {
      for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect] {
        do {
          try route.requireMethod(method)
          #expect(route.allowedMethods.contains(method))
        } catch {
          #expect(!route.allowedMethods.contains(method))
          #expect(error.status == .methodNotAllowed)
          #expect(error.fields[.allow]?.isEmpty == false)
        }
      }
      if route.allowedMethods.contains(.get) { #expect(route.allowedMethods.contains(.head)) }
    }
  }
}
