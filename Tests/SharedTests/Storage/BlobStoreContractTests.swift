import Shared
import TestSupport
import Testing

@Suite("Every engine keeps the contract of BlobStore")
struct BlobStoreContractTests {
  @Test(arguments: BlobStoreRule.allCases)
  func memory(_ rule: BlobStoreRule) async throws {
    let store = MemoryStore(
      location: try LocationID(parsing: "us"), storagePath: try #require(StoragePath("registry")),
      capacityBytes: 256 << 20)
    try await rule.check(BlobStoreUnderTest(store, keepsAttributes: true))
    await store.close()
  }

  @Test(arguments: BlobStoreRule.allCases)
  func local(_ rule: BlobStoreRule) async throws {
    try await withTemporaryFolder { folder in
      let store = try LocalStore(
        location: try LocationID(parsing: "us"), rootPath: folder, storagePath: try #require(StoragePath("")))
      try await rule.check(BlobStoreUnderTest(store, keepsAttributes: false))
      await store.close()
    }
  }

  // Needs a real S3 service: skipped where MERIDIAN_TEST_S3 is unset, unless under CI.
  @Test(.enabled(if: S3TestService.isDemanded, "MERIDIAN_TEST_S3 is not set"), arguments: BlobStoreRule.allCases)
  func s3(_ rule: BlobStoreRule) async throws {
    try await S3TestService.withStore(try S3TestService.connection()) { store in
      try await rule.check(BlobStoreUnderTest(store, keepsAttributes: true))
    }
  }
}
