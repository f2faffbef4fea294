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
