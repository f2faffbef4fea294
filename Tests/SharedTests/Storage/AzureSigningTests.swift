import Shared
import Testing

@testable import SharedStorage

@Suite("Azure's signatures")
struct AzureSigningTests {
  private let signer = SigningSharedKey(
    accountName: "fakeaccount", key: Array("secret-key-of-the-fake-account!!".utf8))
  private static let time = AzureTime(secondsSinceEpoch: 1_795_280_712)

  @Test func timesHaveBothForms() {
    #expect(Self.time.httpDate == "Sat, 21 Nov 2026 17:05:12 GMT")
    #expect(Self.time.iso8601 == "2026-11-21T17:05:12Z")
    #expect(AzureTime(secondsSinceEpoch: 0).httpDate == "Thu, 01 Jan 1970 00:00:00 GMT")
    #expect(AzureTime(secondsSinceEpoch: 951_782_400).httpDate == "Tue, 29 Feb 2000 00:00:00 GMT")
    #expect(StoreTimestamp.httpDate(Self.time.httpDate) == 1_795_280_712_000)
  }

  /// The example of the service's own page on Shared Key, for Get Container Metadata.
  @Test func theTextIsTheDocumentedOne() {
    let signer = SigningSharedKey(accountName: "myaccount", key: [1])
    let text = signer.stringToSign(
      SigningSharedKey.Request(
        method: "GET", path: "/mycontainer",
        query: [("restype", "container"), ("timeout", "20"), ("comp", "metadata")],
        headers: [("x-ms-version", "2015-02-21"), ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT")]))
    #expect(
      text == "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
        + "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20")
  }

  /// Computed with Python's hmac.
  @Test func signaturesAreThoseOfAnotherImplementation() {
    let request = SigningSharedKey.Request(
      method: "PUT", path: "/images/registry/a%2Bb", query: [("comp", "block"), ("blockid", "AAA+/w==")],
      headers: [
        ("content-type", "application/octet-stream"), ("x-ms-version", "2021-12-02"), ("if-none-match", "*"),
        ("x-ms-date", Self.time.httpDate), ("x-ms-blob-type", "BlockBlob"),
      ], contentLengthBytes: 3)
    #expect(
      signer.authorization(for: request) == "SharedKey fakeaccount:IJJoX9nhKyuNywdSOWra43Ndr9COPKJRygwJR8p50WY=")
    #expect(
      signer.readQuery(container: "images", name: "registry/a+b", expiry: Self.time, httpsOnly: true)
        == "sp=r&se=2026-11-21T17%3A05%3A12Z&sv=2021-12-02&sr=b&spr=https"
        + "&sig=3e4TamkaKAduNm1UEshbvLHUnRPaHIdhe%2BbL7wS0nW4%3D")
  }

  @Test func checksumsOfBodies() {
    #expect(BodyChecksum.base64(of: [[1], [], [2, 3]]) == "Uonfc331cyb83SJZevsfrA==")
    #expect(BodyChecksum.base64(of: []) == "1B2M2Y8AsgTpgAmY7PhCfg==")
  }

  @Test func blockIdsHaveOneLength() {
    let ids = [1, 9, 50_000].map { AzureBlockID.fresh(number: $0) }
    #expect(ids.allSatisfy { $0.utf8.count == 32 && Base64.decode($0)?.count == 24 })
    #expect(Set(ids + [AzureBlockID.fresh(number: 1)]).count == 4)
  }

  @Test func marksAreReadAsTheyAreWritten() throws {
    let upload = MultipartUpload(key: try ObjectKey(parsing: "registry/blobs/00/a"), id: RandomIdentifier().hex)
    let mark = try #require(AzureUploadMark.parse(AzureUploadMark.name(of: upload)))
    #expect(mark.key == upload.key.description && mark.id == upload.id)
    for name in ["registry/x", ".meridian-uploads/", ".meridian-uploads/x", ".meridian-uploads//x", "/x/y"] {
      #expect(AzureUploadMark.parse(name) == nil, "\(name)")
    }
  }
}
