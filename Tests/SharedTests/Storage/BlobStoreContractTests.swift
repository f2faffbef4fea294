import Shared
import TestSupport
import Testing

@Suite("Every engine keeps the contract of BlobStore")
struct BlobStoreContractTests {
  @Test(arguments: BlobStoreRule.allCases)
  func memory(_ rule: BlobStoreRule) async throws {
    let stores = try (0..<2).map { _ in
      MemoryStore(
        location: try LocationID(parsing: "us"), storagePath: try #require(StoragePath("registry")),
        capacityBytes: 256 << 20, service: "one")
    }
    try await rule.check(BlobStoreUnderTest(stores[0], neighbour: stores[1], keepsAttributes: true))
    for store in stores { await store.close() }
  }

  @Test(arguments: BlobStoreRule.allCases, ["", "registry/blobs"])
  func local(_ rule: BlobStoreRule, _ path: String) async throws {
    try await withTemporaryFolder { folder in
      try await withTemporaryFolder { other in
        let stores = try [folder, other].map { folder in
          try LocalStore(
            location: try LocationID(parsing: "us"), rootPath: folder, storagePath: try #require(StoragePath(path)))
        }
        try await rule.check(BlobStoreUnderTest(stores[0], neighbour: stores[1], keepsAttributes: false))
        for store in stores { await store.close() }
      }
    }
  }

  // Needs a real S3 service: skipped where MERIDIAN_TEST_S3 is unset, unless under CI.
  @Test(.enabled(if: S3TestService.isDemanded, "MERIDIAN_TEST_S3 is not set"), arguments: BlobStoreRule.allCases)
  func s3(_ rule: BlobStoreRule) async throws {
    try await S3TestService.withStore(try S3TestService.connection()) { store in
      try await S3TestService.withStore(try S3TestService.neighbourConnection()) { neighbour in
        try await rule.check(
          BlobStoreUnderTest(store, neighbour: neighbour, keepsAttributes: true, refusesAlteredBodies: true))
      }
    }
  }
}
