import HTTPTypes
import Shared
import Testing

@testable import RegistryAPI

@Suite("Error codes")
struct ErrorTableTests {
  @Test("the specification's table is complete and has its statuses")
  func specification() {
    // OCI distribution-spec 1.1, "Error Codes", code-1 to code-14; RFC 9110 for the statuses.
    let table: [(String, Int)] = [
      ("BLOB_UNKNOWN", 404), ("BLOB_UPLOAD_INVALID", 400), ("BLOB_UPLOAD_UNKNOWN", 404), ("DIGEST_INVALID", 400),
      ("MANIFEST_BLOB_UNKNOWN", 400), ("MANIFEST_INVALID", 400), ("MANIFEST_UNKNOWN", 404), ("NAME_INVALID", 400),
      ("NAME_UNKNOWN", 404), ("SIZE_INVALID", 400), ("UNAUTHORIZED", 401), ("DENIED", 403), ("UNSUPPORTED", 405),
      ("TOOMANYREQUESTS", 429),
    ]
    for (code, status) in table { #expect(OCIErrorCode(rawValue: code)?.status.code == status, "\(code)") }
    for code in OCIErrorCode.allCases {
      #expect(code.rawValue.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (0x41...0x5a).contains($0) })
    }
  }

  @Test("bodies have the specified shape and escape what they quote")
  func body() {
    var failure = OCIFailure(.digestInvalid, "say \"no\"\n", detail: "a\\b\u{7f}")
    #expect(
      String(decoding: failure.body, as: UTF8.self)
        == #"{"errors":[{"code":"DIGEST_INVALID","message":"say \"no\"\u000a","detail":"a\\b\u007f"}]}"#)
    failure = OCIFailure(.manifestBlobUnknown, "m", details: ["x", "y"])
    #expect(
      String(decoding: failure.body, as: UTF8.self)
        == #"{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"m","detail":"x"},"#
        + #"{"code":"MANIFEST_BLOB_UNKNOWN","message":"m","detail":"y"}]}"#)
  }

  @Test("what is down is 503 with Retry-After, an unknown outcome is never a success")
  func dependencies() {
    let errors: [any Error] = [
      CatalogError.unavailable(detail: "x", retryAfter: .seconds(7)), CatalogError.outcomeUnknown,
      CatalogError.readOnly,
      CatalogError.limitExceeded(detail: "x"), StorageError.unreachable(detail: "x"), StorageError.full,
      StorageError.slowDown(retryAfter: nil), StorageError.bucketMissing(name: "b"), CancellationError(),
    ]
    for error in errors {
      let failure = OCIFailure(mapping: error)
      #expect(failure.status == .serviceUnavailable, "\(error)")
      #expect(failure.fields[.retryAfter] != nil)
    }
    #expect(
      OCIFailure(mapping: CatalogError.unavailable(detail: "x", retryAfter: .seconds(7))).fields[.retryAfter] == "7")
  }

  @Test("causes stay in the log")
  func causes() {
    let failure = OCIFailure(mapping: CatalogError.refused(code: "42P01", detail: "relation secret"))
    #expect(failure.status == .internalServerError)
    #expect(!String(decoding: failure.body, as: UTF8.self).contains("secret"))
    #expect(failure.cause?.contains("secret") == true)
  }

  @Test("model errors are the client's fault")
  func modelErrors() {
    #expect(OCIFailure(mapping: ModelError.manifestTooLarge(limitBytes: 1)).status == .contentTooLarge)
    #expect(OCIFailure(mapping: ModelError.invalidJSON(reason: "x", offset: 1)).entries.first?.code == .manifestInvalid)
    #expect(OCIFailure(mapping: ModelError.invalidDigest(Excerpt("x"))).entries.first?.code == .digestInvalid)
    #expect(OCIFailure(mapping: ModelError.invalidHashState).status == .internalServerError)
    #expect(OCIFailure(mapping: BodyFailure.tooLarge(limitBytes: 3)).status == .contentTooLarge)
  }
}
