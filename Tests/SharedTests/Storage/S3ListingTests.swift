import Shared
import TestSupport
import Testing

@testable import SharedStorage

/// A listing decides over deletions, so nothing in it is taken on trust.
@Suite("What the S3 engine believes of a listing", .timeLimit(.minutes(1)))
struct S3ListingTests {
  private static let date = "Sat, 21 Nov 2026 17:05:12 GMT"
  private static let dateMs: Int64 = 1_795_280_712_000
  private static let time = "2026-11-21T17:05:12.479Z"

  private func answer(limit: Int = 10, prefix: String = "reg/") -> S3ListAnswer {
    S3ListAnswer(prefix: prefix, limit: limit, date: Self.date)
  }

  private func object(_ name: String, size: String = "3", time: String = Self.time) -> String {
    "<Contents><Key>\(name)</Key><LastModified>\(time)</LastModified><Size>\(size)</Size></Contents>"
  }

  private func upload(_ name: String, id: String = "2~x", time: String = Self.time) -> String {
    "<Upload><Key>\(name)</Key><UploadId>\(id)</UploadId><Initiated>\(time)</Initiated></Upload>"
  }

  private func page(_ entries: String..., truncated: String = "false") throws -> XMLElement {
    try XMLReader.parse(
      Array("<R><IsTruncated>\(truncated)</IsTruncated>\(entries.joined())</R>".utf8))
  }

  @Test func aPageIsRead() throws {
    let listing = try answer().objects(
      try page("<EncodingType>url</EncodingType>", object("reg%2Fa+b%2Bc%25%26%3C"), object("reg/%C3%BC", size: "0")),
      after: "reg/a")
    #expect(listing.objects.map(\.name) == ["reg/a b+c%&<", "reg/ü"])
    #expect(listing.objects.map(\.sizeBytes) == [3, 0])
    #expect(listing.objects.map(\.modifiedAtMs) == [Self.dateMs + 479, Self.dateMs + 479])
    #expect(listing.asOfMs == Self.dateMs && !listing.isTruncated)
    // Without the word a percent sign is a percent sign.
    #expect(try answer().objects(try page(object("reg/a%20b")), after: nil).objects.map(\.name) == ["reg/a%20b"])
    let uploads = try answer().uploads(try page(upload("reg/b"), upload("reg/a"), truncated: "true"), after: nil)
    #expect(uploads.uploads.map(\.name) == ["reg/b", "reg/a"])
    #expect(uploads.next == MultipartListing.Cursor(name: "reg/a", id: "2~x"))
  }

  @Test func lyingObjectListingsAreRefused() throws {
    let url = "<EncodingType>url</EncodingType>"
    let pages: [XMLElement] = try [
      // Out of order, twice, or not after the name that was given.
      page(object("reg/b"), object("reg/a")), page(object("reg/b"), object("reg/b")), page(object("reg/0")),
      page(object("reg/00")),
      // Outside the storage path.
      page(object("reg2/b")), page(object("reg")), page(object("/reg/b")), page(object("")),
      page(object("reg/" + String(repeating: "x", count: 1_021))),
      // Sizes and times that are none.
      page(object("reg/b", size: "-1")), page(object("reg/b", size: "9223372036854775808")),
      page(object("reg/b", size: "")), page(object("reg/b", size: "1.0")), page(object("reg/b", time: "yesterday")),
      page(object("reg/b", time: "2026-11-21T17:05:12")), page("<Contents><Key>reg/b</Key><Size>1</Size></Contents>"),
      page("<Contents><Key>reg/b</Key><LastModified>\(Self.time)</LastModified></Contents>"),
      // Malformed encodings.
      page(url, object("reg/%")), page(url, object("reg/%4")), page(url, object("reg/%GG")),
      page(url, object("reg/%FF")),
      // Pages that do not say how to go on, or cannot be gone on from.
      page(object("reg/b"), truncated: "yes"), page(object("reg/b"), truncated: ""), page(truncated: "true"),
      // More than was asked for.
      page(object("reg/b"), object("reg/c"), object("reg/d")),
    ]
    for page in pages {
      #expect(throws: StorageError.self, "\(page)") {
        _ = try answer(limit: 2).objects(page, after: "reg/00")
      }
    }
    for date in [nil, "", "yesterday", "Sat, 21 Nov 2026 17:05:12 CET"] {
      #expect(throws: StorageError.self) {
        _ = try S3ListAnswer(prefix: "", limit: 1, date: date).objects(try page(), after: nil)
      }
    }
  }

  @Test func lyingUploadListingsAreRefused() throws {
    let cursor = MultipartListing.Cursor(name: "reg/b", id: "2~x")
    let pages: [XMLElement] = try [
      page(upload("reg2/b")), page(upload("reg/c", id: "")), page(upload("reg/c", id: "a b")),
      page(upload("reg/c", time: "")), page(truncated: "true"), page(upload("reg/b"), truncated: "true"),
      page(upload("reg/c"), upload("reg/d"), upload("reg/e")),
    ]
    for page in pages {
      #expect(throws: StorageError.self, "\(page)") { _ = try answer(limit: 2).uploads(page, after: cursor) }
    }
  }

  @Test func timesAreReadStrictly() {
    #expect(StoreTimestamp.iso8601("1970-01-01T00:00:00Z") == 0)
    #expect(StoreTimestamp.iso8601("2000-02-29T23:59:60.5Z") == 951_868_799_500)
    #expect(StoreTimestamp.iso8601("2026-11-21T17:05:12.479123456Z") == Self.dateMs + 479)
    #expect(StoreTimestamp.iso8601("9999-12-31T23:59:59.999Z") == 253_402_300_799_999)
    for text in [
      "", "Z", "2026-11-21", "2026-11-21T17:05:12", "2026-11-21T17:05:12+00:00", "2026-11-21 17:05:12Z",
      "2026-11-21T17:05:12.Z", "2026-11-21T17:05:12,1Z", "2026-11-21T17:05:12.1234567890Z", "2026-13-01T00:00:00Z",
      "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
      "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
      "1969-12-31T23:59:59Z", "+026-01-01T00:00:00Z", "2026-1-001T00:00:00Z", "2026-01-01T-1:00:00Z",
      "２026-01-01T00:00:00Z",
    ] { #expect(StoreTimestamp.iso8601(text) == nil, "\(text)") }
    #expect(StoreTimestamp.httpDate(Self.date) == Self.dateMs)
    #expect(StoreTimestamp.httpDate("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
    for text in [
      "", "Sat, 21 Nov 2026 17:05:12 UTC", "Saturday, 21-Nov-26 17:05:12 GMT", "Sat Nov 21 17:05:12 2026",
      "Sat, 31 Nov 2026 17:05:12 GMT", "Sat, 21 nov 2026 17:05:12 GMT", "Sat, 21 Nov 2026 25:05:12 GMT",
      "Sat, 1 Nov 2026 17:05:12 GMT ",
    ] { #expect(StoreTimestamp.httpDate(text) == nil, "\(text)") }
  }

  /// The longest page there is: a thousand names of 1,024 bytes, each byte as three.
  @Test func aPageOfTheLongestNamesFits() throws {
    let entries = (0..<1_000).map { number in
      let digits = String(10_000 + number)
      let rest = String(repeating: "%C3%BC", count: (1_024 - 4 - digits.utf8.count) / 2)
      return object("reg%2F" + digits + rest, size: "5000000000")
        .replacing("</Contents>", with: "<ETag>&quot;202cb962ac59075b964b07152d234b70-10000&quot;</ETag></Contents>")
    }
    let text = "<R><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\(entries.joined())</R>"
    let root = try XMLReader.parse(Array(text.utf8), limitBytes: XMLReader.maximumListingBytes)
    let listing = try answer(limit: 1_000).objects(root, after: nil)
    #expect(listing.objects.count == 1_000 && listing.isTruncated)
    #expect(throws: XMLFailure.tooLarge) { _ = try XMLReader.parse(Array(text.utf8)) }
  }

  @Test func aListingIsAskedForUnderTheStoragePath() async throws {
    try await ScriptedS3.withStore { request, _ in
      .answer(
        200, headers: ["Date": Self.date],
        body: request.target.contains("uploads")
          ? "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"
          : "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
    } _: { store, server, _ in
      _ = try await store.list(after: "registry/a b", limit: 5_000)
      _ = try await store.listMultipart(after: .init(name: "registry/a b", id: "2~x"), limit: 0)
      #expect(
        server.requests.map(\.target) == [
          "/images?encoding-type=url&list-type=2&max-keys=1000&prefix=registry%2F&start-after=registry%2Fa%20b",
          "/images?key-marker=registry%2Fa%20b&max-uploads=1&prefix=registry%2F&upload-id-marker=2~x&uploads=",
        ])
    }
  }
}
