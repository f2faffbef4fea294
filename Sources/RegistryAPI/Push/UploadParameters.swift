import Shared

/// The query parameters of uploads.
enum UploadParameters {
  /// The `digest` of a finishing request; throws 400 where it is missing or malformed (wire check 61).
  static func digest(_ text: String?) throws(OCIFailure) -> Digest {
    guard let text else { throw OCIFailure(.digestInvalid, "the digest parameter is missing") }
    do {
      return try Digest(parsing: text)
    } catch {
      throw OCIFailure(mapping: error)
    }
  }

  /// The `digest-algorithm` of a new session (OCI distribution-spec 1.1+dev, end-4c); sha256 where it is absent.
  static func algorithm(_ text: String?) throws(OCIFailure) -> DigestAlgorithm {
    guard let text else { return .sha256 }
    guard let algorithm = DigestAlgorithm(rawValue: text) else {
      throw OCIFailure(.digestInvalid, "unsupported digest algorithm", detail: Excerpt(text).description)
    }
    return algorithm
  }
}
