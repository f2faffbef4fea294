import Foundation
import Shared
import TestSupport
import Testing

@testable import SharedStorage

/// What moving bytes costs, beside hashing them: for people, on a quiet machine, against the test S3 service.
///
///     MERIDIAN_MEASURE=1 swift test -c release -Xswiftc -enable-testing --filter TransferCostTests
@Suite(
  "The cost of a transfer",
  .enabled(if: ProcessInfo.processInfo.environment["MERIDIAN_MEASURE"] != nil, "MERIDIAN_MEASURE is not set"),
  .serialized)
struct TransferCostTests {
  private static let partBytes = 16 << 20
  private static let parts = 16

  /// CPU seconds of this process so far.
  private static var cpuSeconds: Double {
    var usage = rusage()
    // RUSAGE_SELF, whose type differs from that of the parameter.
    getrusage(0, &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }

  /// At most 2.5 times the CPU of SHA-256 alone for a GET, the hash and the upload of the parts.
  @Test func aCopyCostsAtMostTwiceAndAHalfItsHash() async throws {
    try await S3TestService.withStore(try S3TestService.connection()) { source in
      try await S3TestService.withStore(try S3TestService.neighbourConnection()) { target in
        let total = Self.partBytes * Self.parts
        let piece = PatternBytes.make(1 << 20)
        let key = ObjectKey.blob(storagePath: source.storagePath, identifier: RandomIdentifier())
        _ = try await source.put(key, slices: Array(repeating: piece, count: total >> 20), attributes: .init())
        var alone = Double.infinity
        var copied = Double.infinity
        for _ in 0..<3 {
          let before = Self.cpuSeconds
          var hasher = ContentHasher()
          for _ in 0..<(total >> 20) { hasher.update(piece) }
          let between = Self.cpuSeconds
          #expect(try await copy(key, from: source, to: target) == hasher.digest())
          alone = min(alone, between - before)
          copied = min(copied, Self.cpuSeconds - between)
        }
        try await source.delete(key)
        let gigabytes = Double(total) / 1e9
        print("CPU s/GB: hash \(alone / gigabytes), copy \(copied / gigabytes)")
        #expect(copied <= 2.5 * alone)
      }
    }
  }

  /// One object of 8 KiB put, looked at, read and deleted, many at a time.
  @Test func smallObjectsCostLittle() async throws {
    try await S3TestService.withStore(try S3TestService.connection()) { store in
      let bytes = PatternBytes.make(8 << 10)
      let digest = Digest(of: bytes)
      let count = 2_000
      let before = Self.cpuSeconds
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<count {
          if index >= 32 { try await group.next() }
          group.addTask {
            let key = ObjectKey.blob(storagePath: store.storagePath, identifier: RandomIdentifier())
            _ = try await store.put(key, bytes: bytes, attributes: ObjectAttributes(digest: digest))
            #expect(try await store.head(key)?.digest == digest)
            #expect(try await store.open(key, range: nil).collect(limitBytes: 8 << 10) == bytes)
            try await store.delete(key)
          }
        }
        try await group.waitForAll()
      }
      let perRequest = (Self.cpuSeconds - before) / Double(4 * count) * 1e6
      print("CPU µs per request: \(perRequest)")
      #expect(perRequest < 500)
    }
  }

  private func copy(_ key: ObjectKey, from source: S3Store, to target: S3Store) async throws -> Digest {
    let copy = ObjectKey.blob(storagePath: target.storagePath, identifier: RandomIdentifier())
    let upload = try await target.beginMultipart(copy, attributes: ObjectAttributes())
    var hasher = ContentHasher()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<Self.parts {
        let first = Int64(index * Self.partBytes)
        let range = ByteRange(first: first, last: first + Int64(Self.partBytes) - 1)
        var slices: [[UInt8]] = []
        for try await chunk in try await source.open(key, range: range) {
          hasher.update(chunk)
          slices.append(chunk)
        }
        if index >= 2 { try await group.next() }
        group.addTask { [slices] in _ = try await target.uploadPart(upload, number: index + 1, slices: slices) }
      }
      try await group.waitForAll()
    }
    try await target.abortMultipart(upload)
    return hasher.digest()
  }
}
