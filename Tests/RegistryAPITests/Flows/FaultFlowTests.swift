import HTTPTypes
import Shared
import Synchronization
import TestSupport
import Testing

@testable import RegistryAPI

/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Faults of the store", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct FaultFlowTests {
  /// Gives a test the store that a fixture wraps its own in.
  private final class Wrapped: Sendable {
    private let store = Mutex<FaultyBlobStore?>(nil)

    func wrap(_ base: MemoryStore) -> any BlobStore {
      store.withLock { store in
        let made = FaultyBlobStore(base)
        store = made
        return made
      }
    }

    func fail(_ operation: FaultyBlobStore.Operation, times: Int = 10) {
      store.withLock { $0?.fail(operation, with: .unreachable(detail: "planned"), times: times) }
    }
  }

  @Test("a body that breaks in the middle is cut short, never filled up (I8)")
  func cutShort() async throws {
    try await RegistryFixture.with(decorating: { BreakingStore(base: $0, afterBytes: 3000) }) {
      (registry) async throws in
      let bytes = PushContent.bytes(5000)
      _ = try await registry.api.push(bytes, to: "team/app")
      let client = try await WireClient.connect(port: registry.api.port)
      await #expect(throws: WireClient.Failure.closedEarly) {
        try await client.exchange("GET", "/v2/team/app/blobs/\(Digest(of: bytes))")
      }
      #expect(await client.isClosed())
    }
  }

  @Test("a store that fails is 503 with Retry-After, and nothing is recorded as a blob")
  func unavailable() async throws {
    let wrapped = Wrapped()
    try await RegistryFixture.with(writeFailover: false, decorating: { wrapped.wrap($0) }) { (registry) async throws in
      for (operation, size) in [(FaultyBlobStore.Operation.put, 10), (.beginPut, 2 << 20)] {
        wrapped.fail(operation, times: 1)
        let bytes = PushContent.bytes(size)
        let answer = try await registry.api.push(bytes, to: "team/app")
        #expect(answer.status == 503, "\(operation)")
        #expect(answer["retry-after"] != nil)
        #expect(try await registry.api.send("HEAD", "/v2/team/app/blobs/\(Digest(of: bytes))").status == 404)
        #expect(try await registry.api.push(bytes, to: "team/app").status == 201)
      }
    }
  }

  @Test(
    "an upload goes on after the store has failed in any step",
    arguments: [FaultyBlobStore.Operation.put, .beginMultipart, .uploadPart, .copyPart, .completeMultipart])
  func resumedAfterFault(_ operation: FaultyBlobStore.Operation) async throws {
    let wrapped = Wrapped()
    try await RegistryFixture.with(writeFailover: false, decorating: { wrapped.wrap($0) }) { (registry) async throws in
      let bytes = PushContent.bytes(12 << 20)
      let session = try await registry.api.begin("team/app")
      wrapped.fail(operation, times: 2)
      var failures = 0
      var offset = 0
      var end = ContinuousClock.now + .seconds(60)
      while offset < bytes.count, ContinuousClock.now < end {
        let patched = try await registry.api.send(
          "PATCH", session, headers: ["Content-Range": "\(offset)-\(bytes.count - 1)"], body: Array(bytes[offset...]))
        if patched.status == 503 { failures += 1 }
        let range = try await registry.api.send("GET", session)["range"] ?? ""
        offset = patched.status == 202 ? bytes.count : Int(range.dropFirst(2)).map { $0 == 0 ? 0 : $0 + 1 } ?? 0
      }
      var put = try await registry.api.send("PUT", "\(session)?digest=\(Digest(of: bytes))", body: [])
      end = ContinuousClock.now + .seconds(60)
      while put.status == 503, ContinuousClock.now < end {
        failures += 1
        put = try await registry.api.send("PUT", "\(session)?digest=\(Digest(of: bytes))", body: [])
      }
      #expect(put.status == 201)
      #expect(failures > 0)
      #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(Digest(of: bytes))").body == bytes)
    }
  }
}
