import FuzzProperties
import HTTPTypes
import Shared

/// What must hold of the parts of a request the registry reads.
package enum RegistryProperties {
  /// An accepted path names one route, and the route's own path leads to the same one.
  package static func path(_ bytes: [UInt8]) {
    let path = String(decoding: bytes, as: UTF8.self)[...]
    do {
      let route = try RoutePath.parse(path)
      if let name = route.repository {
        require(Grammar.isRepositoryName(name.description), "a route's repository is one by the grammar")
      }
      if case .manifest(_, let reference) = route {
        let text = reference.description
        require(Grammar.isTag(text) || Grammar.isDigest(text), "a route's reference is one by the grammars")
      }
      guard let canonical = canonicalPath(of: route) else { return }
      // A refusal here is the broken property itself.
      require((try? RoutePath.parse(canonical[...])) == route, "a route's own path leads to it")
    } catch {
      check(error)
    }
  }

  /// Accepted parameters survive being written out again; a page is within its bounds.
  package static func query(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    do {
      let query = try QueryParameters(parsing: text[...])
      for name in ["n", "last", "digest", "scope", "mount", "from", ""] {
        let values = query.all(name)
        require(values.first == query[name], "the first value is the value")
        let written = values.map { "\(PercentEncoding.encode(name))=\(PercentEncoding.encode($0))" }
        guard !values.isEmpty else { continue }
        let again = try QueryParameters(parsing: written.joined(separator: "&")[...])
        require(again.all(name) == values, "values survive percent-encoding")
      }
      let page = try Page(query)
      require((0...Page.maximumSize).contains(page.size), "a page is no larger than the bound")
      let link = page.next(
        path: "/v2/_catalog", last: page.after ?? "a", and: query["artifactType"].map { ("artifactType", $0) })
      require(link.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "a link is printable")
      // Only traps matter here: that a digest is missing is no fault of the query.
      _ = try? UploadParameters.digest(query["digest"])
      _ = try? UploadParameters.algorithm(query["digest-algorithm"])
    } catch {
      check(error)
    }
  }

  /// An accepted range is in order, is what the digits say, and fits an upload that stands at its beginning.
  package static func contentRange(_ bytes: [UInt8]) {
    let header = String(decoding: bytes, as: UTF8.self)
    do {
      let range = try ContentRange(header: header)
      require(range.first >= 0 && range.first <= range.last, "a range is in order")
      require(range.count >= 1 && range.count - 1 == range.last - range.first, "a range has the length of its ends")
      let halves = header.split(separator: "-", omittingEmptySubsequences: false)
      require(halves.count == 2, "a range has two ends")
      let digits = String(halves.first?.reversed().prefix { ("0"..."9").contains($0) }.reversed() ?? [])
      require(Grammar.decimal(digits) == range.first, "a range begins where its digits say")
      let unit = halves.first.map { $0.unicodeScalars.count - digits.unicodeScalars.count } ?? 0
      let written = String(header.unicodeScalars.prefix(unit)).lowercased()
      require(["", "bytes=", "bytes "].contains(written), "a range has one unit at most")
      require(halves.last.flatMap { Grammar.decimal($0) } == range.last, "a range ends where its digits say")
      try range.check(offset: range.first, announcedBytes: range.count)
      try range.check(offset: range.first, announcedBytes: nil)
      require((try? range.check(offset: range.last &+ 1, announcedBytes: nil)) == nil, "another offset is refused")
      require(
        (try? range.check(offset: range.first, announcedBytes: range.count - 1)) == nil, "another length is refused")
    } catch {
      check(error)
    }
  }

  /// A refusal is an answer with a 4xx or 5xx status whose body is JSON and whose headers are single lines.
  static func check(_ failure: OCIFailure) {
    require((400...599).contains(failure.status.code), "a refusal has the status of one")
    // A refusal here is the broken property itself.
    require((try? StrictJSON.parse(failure.body)) != nil, "the body of a refusal is JSON")
    for field in failure.fields {
      require(field.value.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "a header is a line")
    }
  }

  private static func canonicalPath(of route: Route) -> String? {
    switch route {
    case .base: "/v2/"
    case .token: "/v2/auth"
    case .catalog: "/v2/_catalog"
    case .metrics: "/metrics"
    case .manifest(let name, let reference): "/v2/\(name)/manifests/\(reference)"
    case .blob(let name, let digest): "/v2/\(name)/blobs/\(digest)"
    case .uploads(let name): "/v2/\(name)/blobs/uploads/"
    case .upload(let name, let id): id.map { "/v2/\(name)/blobs/uploads/\($0)" }
    case .tags(let name): "/v2/\(name)/tags/list"
    case .referrers(let name, let digest): "/v2/\(name)/referrers/\(digest)"
    }
  }
}
