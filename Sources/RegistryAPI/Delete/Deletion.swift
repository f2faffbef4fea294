import HTTPTypes
import Shared

/// Answers DELETE of tags, manifests and blobs.
struct Deletion: Sendable {
  let services: RegistryServices

  /// Deletes a tag, which leaves its manifest alone (wire check 98), or a manifest with all its tags (check 99).
  ///
  /// A manifest that an index lists is refused with 409 until the index is deleted. Docker's registry deletes it and
  /// leaves an index that cannot be pulled: cleaners that walk over tags (`1.0-amd64` beside `1.0`) break images that
  /// way. They and skopeo, crane and regctl report the refusal and go on; deleting the index first always works (I4).
  /// Another region's cache may serve a deleted manifest by its digest for `ManifestCache.freshness` (D4).
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

  /// Takes a blob out of the repository; other repositories, and the bytes while anything needs them, stay (check 101).
  ///
  /// One that a manifest of the repository refers to is 405, the specification's answer for a deletion that is not
  /// possible: an image must not lose its layers (I4).
  func blob(_ digest: Digest, in repository: RepositoryName) async throws -> Answer {
    switch try await services.catalog.unlinkBlob(digest, in: repository) {
    case .unlinked: return Answer(.accepted)
    case .unknown: throw OCIFailure(.blobUnknown, "blob unknown", detail: digest.description)
    case .referenced:
      var failure = OCIFailure(
        .unsupported, "a manifest in the repository refers to this blob", detail: digest.description)
      failure.fields[.allow] = "GET, HEAD"
      throw failure
    }
  }

  private static func unknown(_ reference: Reference) -> OCIFailure {
    OCIFailure(.manifestUnknown, "manifest unknown", detail: reference.description)
  }
}
