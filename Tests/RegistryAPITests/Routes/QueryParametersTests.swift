import HTTPTypes
import Testing

@testable import RegistryAPI

@Suite("Query parameters")
struct QueryParametersTests {
  @Test("decodes once, keeps order and repetitions")
  func decoding() throws {
    let query = try QueryParameters(parsing: "digest=sha256%3Aab&scope=a&scope=b+c&n=&flag")
    #expect(query["digest"] == "sha256:ab")
    #expect(query.all("scope") == ["a", "b c"])
    #expect(query["n"] == "")
    #expect(query["flag"] == "")
    #expect(query["absent"] == nil)
    #expect(try QueryParameters(parsing: "a=%2541")["a"] == "%41")
    #expect(try QueryParameters(parsing: "a=b=c")["a"] == "b=c")
  }

  @Test("refuses NUL, broken encoding and invalid UTF-8", arguments: ["a=%00", "a=%ff", "a=%", "%zz=1", "a=%c3%28"])
  func refused(_ text: String) {
    #expect(throws: OCIFailure.self) { try QueryParameters(parsing: text[...]) }
  }

  @Test("refuses more parameters than any client sends")
  func tooMany() {
    #expect(throws: OCIFailure.self) {
      try QueryParameters(parsing: String(repeating: "scope=x&", count: 2000)[...])
    }
  }

  @Test(
    "page sizes are clamped or refused, never trusted",
    arguments: [
      ("n=0", 0), ("n=5", 5), ("n=2147483648", 1000), ("", 1000), ("n=1000", 1000), ("n=1001", 1000),
    ])
  func pages(_ text: String, _ size: Int) throws {
    #expect(try Page(QueryParameters(parsing: text[...])).size == size)
  }

  @Test("refuses what is no page size", arguments: ["n=-1", "n=abc", "n=18446744073709551616", "n=", "n=1e3", "n=+1"])
  func notPages(_ text: String) {
    #expect(throws: OCIFailure.self) { try Page(QueryParameters(parsing: text[...])) }
  }

  @Test("a Link cannot be injected into")
  func link() throws {
    let page = try Page(QueryParameters(parsing: "n=2"))
    let link = page.next(path: "/v2/a/tags/list", last: "x\r\nSet-Cookie: y>\"", and: ("artifactType", "a/b+c"))
    #expect(link == "</v2/a/tags/list?n=2&last=x%0D%0ASet-Cookie%3A%20y%3E%22&artifactType=a%2Fb%2Bc>; rel=\"next\"")
  }
}
