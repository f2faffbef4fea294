import Shared
import TestSupport
import Testing

@testable import SharedStorage

@Suite(
  "The Azure engine keeps the contract of BlobStore", .enabled(if: AzureFake.isDemanded, "there is no python3"),
  .timeLimit(.minutes(5)))
struct AzureContractTests {
  @Test(arguments: BlobStoreRule.allCases)
  func bySharedKey(_ rule: BlobStoreRule) async throws {
    let fake = try AzureFake.running()
    try await AzureFake.withStore(try fake.settings()) { store in
      try await AzureFake.withStore(try fake.settings(container: "neighbour")) { neighbour in
        try await rule.check(BlobStoreUnderTest(store, neighbour: neighbour, keepsAttributes: true))
      }
    }
  }

  @Test(arguments: BlobStoreRule.allCases)
  func byAccessSignature(_ rule: BlobStoreRule) async throws {
    let fake = try AzureFake.running()
    func settings(_ container: String) throws -> AzureSettings {
      try fake.settings(
        container: container, authorization: AzureSignatures.container(container, expiresInSeconds: 600))
    }
    try await AzureFake.withStore(try settings("images")) { store in
      try await AzureFake.withStore(try settings("neighbour")) { neighbour in
        try await rule.check(BlobStoreUnderTest(store, neighbour: neighbour, keepsAttributes: true))
      }
    }
  }
}
