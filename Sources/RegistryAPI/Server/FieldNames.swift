import HTTPTypes

/// Header fields of the registry's protocols that HTTPTypes does not name.
extension HTTPField.Name {
  static let dockerContentDigest = named("Docker-Content-Digest")
  static let dockerDistributionAPIVersion = named("Docker-Distribution-API-Version")
  static let dockerUploadUUID = named("Docker-Upload-UUID")
  static let ociSubject = named("OCI-Subject")
  static let ociTag = named("OCI-Tag")
  static let ociFiltersApplied = named("OCI-Filters-Applied")
  static let ociChunkMinimumLength = named("OCI-Chunk-Min-Length")
  static let link = named("Link")
  static let referrerPolicy = named("Referrer-Policy")
  static let requestID = named("X-Request-Id")

  private static func named(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else { preconditionFailure("a literal above is not a field name") }
    return name
  }
}
