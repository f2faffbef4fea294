import HTTPTypes
import Shared
import TestSupport
import Testing

@testable import RegistryAPI

/// Slow clients keep nobody else waiting (security rule 19).
///
/// Skipped where `MERIDIAN_TEST_POSTGRES` is not set, unless CI is.
@Suite("Slow uploads", .enabled(if: CatalogFixture.isEnabled, "needs MERIDIAN_TEST_POSTGRES"))
struct SlowUploadTests {
  @Test("more slow PATCHes than parts fit into memory, and a push in between")
  func slowPatches() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let room = registry.api.services.room
      let bytes = PushContent.bytes(3 << 20)
      var slow: [(session: String, client: WireClient)] = []
      for _ in 0..<24 {
        let session = try await registry.api.begin("team/slow")
        let client = try await WireClient.connect(port: registry.api.port)
        try await client.send(WireClient.head("PATCH", session, length: 1 << 29))
        try await client.send(bytes)
        slow.append((session, client))
      }
      // 72 MiB have arrived: more than all memory for uploads, the rest of it being in the spool.
      try await untilTrue { room.gathering.reservedBytes + room.spool.usedBytes >= 24 * 3 << 20 }
      #expect(room.gathering.reservedBytes <= room.gathering.capacityBytes)
      #expect(room.spool.usedBytes > 0)
      #expect(room.sending.reservedBytes == 0)
      for size in [10, 2 << 20, 12 << 20] {
        let pushed = PushContent.bytes(size, seed: 7)
        #expect(try await registry.api.push(pushed, to: "team/app").status == 201)
        let session = try await registry.api.begin("team/app")
        let patched = try await registry.api.send("PATCH", session, body: pushed)
        #expect(patched.status == 202)
        let put = try await registry.api.send("PUT", "\(session)?digest=\(Digest(of: pushed))")
        #expect(put.status == 201)
      }
      // What a client had sent before it went away is durable, from memory as from the spool.
      for each in slow { await each.client.close() }
      for each in slow {
        try await untilTrue { try await registry.api.send("GET", each.session)["range"] == "0-\((3 << 20) - 1)" }
      }
      let ended = try await registry.api.send("PUT", "\(slow[23].session)?digest=\(Digest(of: bytes))")
      #expect(ended.status == 201)
      let got = try await registry.api.send("GET", "/v2/team/slow/blobs/\(Digest(of: bytes))")
      #expect(got.body == bytes)
      try await untilTrue { room.gathering.reservedBytes == 0 && room.spool.fileCount == 0 }
    }
  }

  @Test("no more bodies are streamed at a time than may be; the next ones go in parts")
  func streams() async throws {
    try await RegistryFixture.with { (registry) async throws in
      let room = registry.api.services.room
      let allowed = Int(room.streaming.capacityBytes / TransferRoom.streamBytes)
      let bytes = PushContent.bytes(9 << 20)
      let target = "/v2/team/app/blobs/uploads/?digest=\(Digest(of: bytes))"
      var slow: [WireClient] = []
      for _ in 0..<allowed {
        let client = try await WireClient.connect(port: registry.api.port)
        try await client.send(WireClient.head("POST", target, length: bytes.count))
        try await client.send(Array(bytes[..<1000]))
        slow.append(client)
      }
      try await untilTrue { room.streaming.reservedBytes == Int64(allowed) * TransferRoom.streamBytes }
      #expect(try await registry.api.send("POST", target, body: bytes).status == 201)
      #expect(try await registry.api.send("GET", "/v2/team/app/blobs/\(Digest(of: bytes))").body == bytes)
      for client in slow {
        try await client.send(Array(bytes[1000...]))
        #expect(try await client.answer(toHead: false).status == 201)
        await client.close()
      }
      try await untilTrue { room.streaming.reservedBytes == 0 }
    }
  }
}
