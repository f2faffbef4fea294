import Logging
import ServiceLifecycle
import Shared

/// Deletes objects nothing refers to, behind the requests that made them so.
///
/// Bounded and best effort: what is dropped here, or fails, is on record in the catalog where it ever was part of a
/// session or a commit, and is swept from there.
final class ObjectDeletions: Service {
  /// What is to go.
  enum Target: Sendable {
    case object(ObjectKey)
    case multipart(MultipartUpload)
    /// An object that a commit of unknown outcome may have placed: only the catalog can tell, later.
    case uncertain(ObjectKey)
  }

  private struct Request {
    let target: Target
    let location: LocationID
  }

  private let catalog: Catalog
  private let stores: [LocationID: any BlobStore]
  private let logger: Logger
  private let requests: AsyncStream<Request>
  private let queue: AsyncStream<Request>.Continuation

  /// Keeps at most `capacity` deletions waiting.
  init(catalog: Catalog, stores: [LocationID: any BlobStore], logger: Logger, capacity: Int = 4096) {
    self.catalog = catalog
    self.stores = stores
    self.logger = logger
    (requests, queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(capacity))
  }

  /// Asks for a deletion; returns at once.
  func schedule(_ target: Target, at location: LocationID) {
    queue.yield(Request(target: target, location: location))
  }

  /// Deletes until the service is shut down, then what is still waiting.
  func run() async throws {
    await withGracefulShutdownHandler {
      for await request in requests { await delete(request) }
    } onGracefulShutdown: {
      self.queue.finish()
    }
  }

  private func delete(_ request: Request) async {
    guard let store = stores[request.location] else { return }
    do {
      switch request.target {
      case .object(let key): try await store.delete(key)
      case .multipart(let upload): try await store.abortMultipart(upload)
      case .uncertain(let key):
        try await catalog.recordObjectDeletion(of: key, at: request.location, reason: "commit of unknown outcome")
      }
    } catch {
      logger.warning(
        "an object that is not needed was not deleted",
        metadata: ["location": "\(request.location)", "error": "\(error)"])
    }
  }
}
