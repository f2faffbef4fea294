import HTTPTypes
import Shared
import Testing

@testable import RegistryAPI

@Suite("Headers")
struct HeaderTests {
  @Test(
    "Content-Range of a chunk",
    arguments: [("0-9", 0, 9), ("5-5", 5, 5), ("bytes=0-9", 0, 9), ("bytes 1-2", 1, 2)] as [(String, Int64, Int64)])
  func contentRange(_ text: String, _ first: Int64, _ last: Int64) throws {
    let range = try ContentRange(header: text)
    #expect(range.first == first)
    #expect(range.last == last)
    #expect(range.count == last - first + 1)
  }

  @Test(
    "refuses malformed ranges without a trap",
    arguments: [
      "bytes=bytes 0-1", "", "-", "0", "0-", "-9", "9-0", "bytes 0-9/10", "0-9/10", "0-9223372036854775807",
      "0-9223372036854775808",
      "99999999999999999999-999999999999999999999", "a-b", " 0-9", "0--9", "0-9-10", "+0-9", "٠-٩",
    ])
  func malformedContentRange(_ text: String) {
    #expect { try ContentRange(header: text) } throws: { ($0 as? OCIFailure)?.status == .rangeNotSatisfiable }
  }

  @Test("a chunk belongs where the upload stands, and is as long as it says")
  func position() throws {
    let range = try ContentRange(header: "10-19")
    try range.check(offset: 10, announcedBytes: 10)
    try range.check(offset: 10, announcedBytes: nil)
    #expect { try range.check(offset: 0, announcedBytes: 10) } throws: {
      let failure = $0 as? OCIFailure
      return failure?.status == .rangeNotSatisfiable && failure?.fields[.range] == "0-0"
    }
    #expect { try range.check(offset: 20, announcedBytes: 10) } throws: {
      ($0 as? OCIFailure)?.fields[.range] == "0-19"
    }
    #expect { try range.check(offset: 10, announcedBytes: 9) } throws: { ($0 as? OCIFailure)?.status == .badRequest }
  }

  @Test("Range of an upload is 0-<last>")
  func uploadRange() {
    #expect(UploadRange.header(offset: 0) == "0-0")
    #expect(UploadRange.header(offset: 1) == "0-0")
    #expect(UploadRange.header(offset: 100) == "0-99")
  }

  @Test("If-None-Match compares weakly")
  func entityTags() {
    #expect(EntityTag.matches("\"sha256:a\"", "\"sha256:a\""))
    #expect(EntityTag.matches("W/\"x\", \"sha256:a\"", "\"sha256:a\""))
    #expect(EntityTag.matches("W/\"sha256:a\"", "\"sha256:a\""))
    #expect(EntityTag.matches("sha256:a", "\"sha256:a\""))
    #expect(EntityTag.matches("*", "\"sha256:a\""))
    #expect(!EntityTag.matches("\"sha256:b\"", "\"sha256:a\""))
    #expect(!EntityTag.matches(nil, "\"sha256:a\""))
  }

  @Test("dates are written as HTTP and RFC 3339 want them")
  func dates() {
    #expect(WallClock.imfFixdate(secondsSinceEpoch: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(WallClock.rfc3339(secondsSinceEpoch: 784_111_777) == "1994-11-06T08:49:37Z")
  }

  @Test("loopback is recognised and nothing else taken for it")
  func loopback() {
    for host in ["127.0.0.1", "127.1.2.3", "localhost", "::1"] {
      #expect(ListenAddress(host: host, port: 1).isLoopback)
    }
    for host in ["0.0.0.0", "127.example.com", "::", "10.0.0.1", "127.0.0.1.evil", "1270.0.0.1"] {
      #expect(!ListenAddress(host: host, port: 1).isLoopback, "\(host)")
    }
  }
}
