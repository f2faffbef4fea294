import HTTPTypes
import Shared

/// The answers of the upload protocol; every URL in them is path-absolute, so no `Host` can shape one (decision D13).
enum UploadAnswers {
  /// Where an upload stands: 202 after POST and PATCH, 204 for a question (wire checks 56, 63 and 66).
  static func progress(
    _ status: HTTPResponse.Status, repository: RepositoryName, id: UploadID, offset: Int64
  ) -> Answer {
    var fields = HTTPFields()
    fields[.location] = "/v2/\(repository)/blobs/uploads/\(id)"
    fields[.range] = UploadRange.header(offset: offset)
    fields[.dockerUploadUUID] = id.description
    return Answer(status, fields: fields)
  }

  /// A blob that is durable and can be pulled (wire check 58).
  static func created(repository: RepositoryName, digest: Digest) -> Answer {
    var fields = HTTPFields()
    fields[.location] = "/v2/\(repository)/blobs/\(digest)"
    fields[.dockerContentDigest] = digest.description
    return Answer(.created, fields: fields)
  }
}

extension Answer {
  /// The same answer with `OCI-Chunk-Min-Length` (OCI distribution-spec 1.1+dev): smaller chunks are taken, but each
  /// costs the store an object of its own (D11).
  func recommending(chunkBytes: Int64) -> Answer {
    guard chunkBytes > 1 else { return self }
    var answer = self
    answer.fields[.ociChunkMinimumLength] = String(chunkBytes)
    return answer
  }
}

extension OCIFailure {
  /// The principal has too many sessions open; those nothing was written to end within the hour (wire check 104).
  static var tooManyUploads: OCIFailure {
    var failure = OCIFailure(.tooManyRequests, "too many uploads are open; finish or cancel some")
    failure.fields[.retryAfter] = "60"
    return failure
  }
}
