import Shared
import TestSupport
import Testing

@testable import SharedStorage

/// Needs a real OpenStack Swift: skipped where MERIDIAN_TEST_SWIFT is unset, unless under CI.
@Suite(
  "OpenStack Swift keeps the contract of BlobStore, by its own interface and by S3's",
  .enabled(if: OpenStackTestService.isDemanded, "MERIDIAN_TEST_SWIFT is not set"), .timeLimit(.minutes(3)))
struct OpenStackContractTests {
  @Test(arguments: BlobStoreRule.allCases)
  func native(_ rule: BlobStoreRule) async throws {
    let settings = try OpenStackTestService.settings()
    try await OpenStackTestService.withStore(OpenStackConnection(settings)) { store in
      try await OpenStackTestService.withStore(
        OpenStackConnection(try OpenStackTestService.settings(second: true))
      ) { neighbour in
        // MD5 is compared by the engine's own word, not by the SHA-256 a caller gives.
        try await rule.check(
          BlobStoreUnderTest(store, neighbour: neighbour, keepsAttributes: true, refusesAlteredBodies: false))
      }
    }
  }

  /// The S3 engine's second real server.
  @Test(arguments: BlobStoreRule.allCases)
  func s3Interface(_ rule: BlobStoreRule) async throws {
    try await S3TestService.withStore(try OpenStackTestService.s3Connection()) { store in
      try await S3TestService.withStore(try OpenStackTestService.s3Connection(second: true)) { neighbour in
        try await rule.check(
          BlobStoreUnderTest(
            store, neighbour: neighbour, keepsAttributes: true, refusesAlteredBodies: true, alterationCode: "BadDigest")
        )
      }
    }
  }
}
