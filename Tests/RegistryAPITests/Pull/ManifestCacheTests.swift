import HTTPTypes
import Shared
import Synchronization
import Testing

@testable import RegistryAPI

@Suite("Manifest cache")
struct ManifestCacheTests {
  private func manifest(_ number: Int, sizeBytes: Int = 1000) -> CachedManifest {
    let bytes = Array("\(number)".utf8) + [UInt8](repeating: 32, count: sizeBytes)
    return CachedManifest(digest: Digest(of: bytes), mediaType: "application/json", bytes: bytes)
  }

  @Test("never crosses repositories")
  func repositories() throws {
    let cache = ManifestCache()
    let entry = manifest(1)
    cache.store(entry, in: try RepositoryName(parsing: "a"))
    #expect(cache.fresh(entry.digest, in: try RepositoryName(parsing: "a")) != nil)
    #expect(cache.fresh(entry.digest, in: try RepositoryName(parsing: "b")) == nil)
    #expect(cache.confirm(entry.digest, in: try RepositoryName(parsing: "b")) == nil)
  }

  @Test("answers for existence only as long as the catalog's word is fresh")
  func freshness() throws {
    let clock = Mutex(ContinuousClock.now)
    let start = clock.withLock { $0 }
    let cache = ManifestCache(now: { clock.withLock { $0 } })
    let name = try RepositoryName(parsing: "a")
    let entry = manifest(1)
    cache.store(entry, in: name)
    clock.withLock { $0 = start + ManifestCache.freshness - .milliseconds(1) }
    #expect(cache.fresh(entry.digest, in: name) != nil)
    clock.withLock { $0 = start + ManifestCache.freshness }
    #expect(cache.fresh(entry.digest, in: name) == nil)
    #expect(cache.confirm(entry.digest, in: name) != nil)
    #expect(cache.fresh(entry.digest, in: name) != nil)
    cache.remove(entry.digest, in: name)
    #expect(cache.confirm(entry.digest, in: name) == nil)
    #expect(cache.costBytes == 0)
  }

  @Test("stays within its bound and keeps what is used")
  func bound() throws {
    let cache = ManifestCache(capacityBytes: 100_000)
    let name = try RepositoryName(parsing: "a")
    let hot = manifest(0)
    cache.store(hot, in: name)
    for number in 1...500 {
      cache.store(manifest(number), in: name)
      #expect(cache.confirm(hot.digest, in: name) != nil)
    }
    #expect(cache.costBytes <= 100_000)
    cache.store(manifest(501, sizeBytes: 50_000), in: name)
    #expect(cache.confirm(manifest(501, sizeBytes: 50_000).digest, in: name) == nil)
  }
}
