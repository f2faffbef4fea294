import Shared
import SharedConfig
import Testing

@testable import SharedStorage

@Suite("StoreFactory")
struct StoreFactoryTests {
  private func settings(accessKey: Secret? = Secret("AK")) throws -> S3Settings {
    S3Settings(
      engineName: "RadosGWStorage",
      endpoint: try #require(StoreEndpoint(scheme: "https", host: "s3.example.com", port: 9000)),
      region: "eu-west-1", bucket: "images", storagePath: try #require(StoragePath("/registry")), accessKey: accessKey,
      secretKey: Secret("SK"), minimumChunkSizeBytes: 7 << 20, maximumChunkSizeBytes: 50 << 20)
  }

  @Test func s3SettingsReachTheEngine() async throws {
    let location = LocationSettings(
      id: try LocationID(parsing: "eustorage"), engine: .s3(try settings()), publicEndpoint: "http://blobs.example.com")
    let store = try StoreFactory.open(location)
    #expect(store is S3Store)
    #expect(store.location == location.id)
    #expect(store.storagePath.prefix == "registry/")
    #expect(store.partLimits.minimumPartBytes == 7 << 20)
    #expect(store.partLimits.maximumPartBytes == 50 << 20)
    let url = try #require(try store.presignedGet(try ObjectKey(parsing: "registry/x"), lifetime: .seconds(60)))
    #expect(url.hasPrefix("http://blobs.example.com/images/registry/x?"))
    #expect(url.contains("%2Feu-west-1%2Fs3%2Faws4_request"))
    await store.close()
    let connection = try StoreFactory.connection(try settings(), publicEndpoint: nil)
    #expect(connection.endpoint.port == 9000 && connection.endpoint.isSecure)
    #expect(connection.publicEndpoint == nil)
  }

  @Test func whatCannotBeOpenedIsSaid() throws {
    #expect(
      throws: StorageError.misconfigured(
        reason: "there are no credentials: none in the configuration, and the environment names no source")
    ) {
      _ = try StoreFactory.connection(
        try settings(accessKey: nil), publicEndpoint: nil, environment: ["AWS_EC2_METADATA_DISABLED": "true"])
    }
    #expect(throws: StorageError.refused(status: 0, code: "InvalidPublicEndpoint")) {
      _ = try StoreFactory.connection(try settings(), publicEndpoint: "ftp://x")
    }
  }

  @Test func aLocalFolderIsOpenedAsItIs() async throws {
    let location = LocationSettings(
      id: try LocationID(parsing: "local_us"), engine: .local(LocalSettings(rootPath: "/nonexistent/meridian")))
    let store = try StoreFactory.open(location)
    #expect(store.storagePath.prefix.isEmpty)
    await #expect(throws: StorageError.bucketMissing(name: "/nonexistent/meridian")) { try await store.probe() }
    await store.close()
  }
}
