import HTTPTypes
import Shared

/// Answers DELETE of tags, manifests and blobs.
struct Deletion: Sendable {
  let services: RegistryServices

  /// Deletes a tag, which leaves its manifest alone (wire check 98), or a manifest with all its tags (check 99).
  func manifest(_ reference: Reference, in repository: RepositoryName) async throws -> Answer {
    switch reference {
    case .tag(let tag):
      guard try await services.catalog.deleteTag(tag, in: repository) else { throw Self.unknown(reference) }
    case .digest(let digest):
      switch try await services.catalog.deleteManifest(digest, in: repository) {
      case .deleted: services.manifests.remove(digest, in: repository)
      case .unknown: throw Self.unknown(reference)
      case .referenced:
        throw OCIFailure(
          .denied, status: .conflict, "an index in the repository lists this manifest", detail: digest.description)
      }
    }
    return Answer(.accepted)
  }

  /// Blobs go by garbage collection once no manifest refers to them; deleting one by hand is not offered (check 101).
  func blob() throws -> Answer {
    var failure = OCIFailure(.unsupported, "blobs are deleted by garbage collection")
    failure.fields[.allow] = "GET, HEAD"
    throw failure
  }

  private static func unknown(_ reference: Reference) -> OCIFailure {
    OCIFailure(.manifestUnknown, "manifest unknown", detail: reference.description)
  }
}
