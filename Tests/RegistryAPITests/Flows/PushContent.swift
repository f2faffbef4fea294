import HTTPTypes
import Shared

@testable import RegistryAPI

/// Content to push, and the steps most tests begin with.
enum PushContent {
  /// Bytes that are reproducible and do not repeat within a part.
  static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        buffer[index] = UInt8(truncatingIfNeeded: state >> 32)
      }
      initialized = count
    }
  }

  /// An image manifest of one config and one layer.
  static func manifest(config: [UInt8], layer: [UInt8]) -> [UInt8] {
    Array(
      """
      {"schemaVersion":2,"mediaType":"\(MediaType.ociManifest)",
       "config":{"mediaType":"\(MediaType.ociConfig)","digest":"\(Digest(of: config))","size":\(config.count)},
       "layers":[{"mediaType":"\(MediaType.ociLayerGzip)","digest":"\(Digest(of: layer))","size":\(layer.count)}]}
      """.utf8)
  }
}

extension RegistryFixture.Instance {
  /// Pushes a blob with one POST.
  func push(_ bytes: [UInt8], to repository: String) async throws -> WireClient.Answer {
    try await send("POST", "/v2/\(repository)/blobs/uploads/?digest=\(Digest(of: bytes))", body: bytes)
  }

  /// Begins an upload session and returns its path.
  func begin(_ repository: String) async throws -> String {
    let answer = try await send("POST", "/v2/\(repository)/blobs/uploads/", body: [])
    guard answer.status == 202, let location = answer["location"] else { throw WireClient.Failure.malformed }
    return location
  }

  /// Pushes a small image under a tag and returns the manifest's bytes.
  func pushImage(_ repository: String, tag: String, seed: UInt64 = 1) async throws -> [UInt8] {
    let config = PushContent.bytes(100, seed: seed)
    let layer = PushContent.bytes(5000, seed: seed &+ 1)
    _ = try await push(config, to: repository)
    _ = try await push(layer, to: repository)
    let manifest = PushContent.manifest(config: config, layer: layer)
    let answer = try await send(
      "PUT", "/v2/\(repository)/manifests/\(tag)", headers: ["Content-Type": MediaType.ociManifest.description],
      body: manifest)
    guard answer.status == 201 else { throw WireClient.Failure.malformed }
    return manifest
  }
}

extension PushContent {
  /// An index of image manifests.
  static func index(_ manifests: [(digest: Digest, size: Int)]) -> [UInt8] {
    let entries = manifests.map {
      #"{"mediaType":"\#(MediaType.ociManifest)","digest":"\#($0.digest)","size":\#($0.size)}"#
    }
    let list = entries.joined(separator: ",")
    return Array(#"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[\#(list)]}"#.utf8)
  }
}

extension RegistryFixture.Instance {
  /// Puts an index under a reference.
  func putIndex(_ index: [UInt8], _ repository: String, _ reference: String) async throws -> WireClient.Answer {
    try await send(
      "PUT", "/v2/\(repository)/manifests/\(reference)", headers: ["Content-Type": "\(MediaType.ociIndex)"],
      body: index)
  }
}
