import Shared
import Testing

@Suite("Ranges, keys, paths and secrets")
struct RangeAndKeyTests {
  @Test(arguments: [
    ("bytes=0-0", "0-0"), ("bytes=0-", "0-9"), ("bytes=3-5", "3-5"), ("bytes=3-99", "3-9"), ("bytes=9-9", "9-9"),
    ("bytes=-1", "9-9"), ("bytes=-99", "0-9"), ("BYTES=1-2", "1-2"), ("bytes= 1 - 2 ", "1-2"),
    ("bytes=0-9223372036854775807", "0-9"), ("bytes=0-99999999999999999999", "0-9"),
    ("bytes=-99999999999999999999", "0-9"),
  ])
  func ranges(_ header: String, _ expected: String) throws {
    guard case .part(let range) = RangeRequest(header: header).resolve(size: 10) else {
      Issue.record("\(header) is no part")
      return
    }
    #expect(range.description == expected)
  }

  @Test(
    arguments: [
      nil, "", "bytes", "bytes=", "bytes=a-b", "bytes=1-2,4-5", "items=0-1", "bytes=--1", "bytes=1-2-3", "bytes=-",
      "bytes=+1-2",
      "bytes=1.0-2", "0-1",
    ] as [String?])
  func unusableHeadersMeanEverything(_ header: String?) {
    #expect(RangeRequest(header: header).resolve(size: 10) == .whole)
  }

  @Test(arguments: ["bytes=10-", "bytes=500-0", "bytes=-0", "bytes=99999999999999999999-", "bytes=10-20"])
  func unsatisfiable(_ header: String) {
    #expect(RangeRequest(header: header).resolve(size: 10) == .unsatisfiable)
  }

  @Test func emptyObjectsHaveNoRanges() {
    for header in ["bytes=0-", "bytes=-1", "bytes=0-0"] {
      #expect(RangeRequest(header: header).resolve(size: 0) == .unsatisfiable)
    }
  }

  @Test func byteRanges() {
    #expect(ByteRange(first: 2, last: 5)?.count == 4)
    #expect(ByteRange(first: -1, last: 5) == nil && ByteRange(first: 6, last: 5) == nil)
    #expect(ByteRange(first: 0, last: .max) == nil)
    #expect(ByteRange(first: 0, last: .max - 1)?.count == .max)
  }

  @Test func keys() throws {
    let path = try #require(StoragePath("/registry/a/"))
    var generator = SystemRandomNumberGenerator()
    let identifier = RandomIdentifier(using: &generator)
    let key = ObjectKey.blob(storagePath: path, identifier: identifier)
    #expect(key.description == "registry/a/blobs/\(identifier.hex.prefix(2))/\(identifier.hex)")
    #expect(try ObjectKey(parsing: key.description) == key)
    #expect(ObjectKey.canary(storagePath: path, name: identifier).description == "registry/a/canary/\(identifier.hex)")
    for text in ["", "/a", "a/", "a//b", "a/../b", "./a", "a b", "é", String(repeating: "a", count: 1025)] {
      #expect(throws: ModelError.self) { try ObjectKey(parsing: text) }
    }
  }

  @Test func storagePaths() {
    for text in ["registry", "/registry", "registry/", "//registry//"] {
      #expect(StoragePath(text)?.prefix == "registry/")
    }
    #expect(StoragePath("")?.prefix == "" && StoragePath("/")?.prefix == "")
    for text in ["a/../b", "a b", "é", ".", "a\n", String(repeating: "a", count: 513)] {
      #expect(StoragePath(text) == nil)
    }
  }

  @Test func secretsDoNotShow() {
    let secret = Secret("hunter2hunter2")
    var dumped = ""
    dump(secret, to: &dumped)
    for text in ["\(secret)", String(reflecting: secret), dumped, "\(["a": secret])", "\(Optional(secret) as Any)"] {
      #expect(!text.contains("hunter2"), "\(text)")
    }
    #expect(secret == Secret("hunter2hunter2") && secret.revealed == "hunter2hunter2")
  }

  @Test func excerptsAreShortAndClean() {
    #expect(Excerpt("a\u{1b}[31m\nb").description == "a\\u{1B}[31m\\nb")
    #expect(Excerpt(String(repeating: "x", count: 1000)).description.count == 81)
  }
}
