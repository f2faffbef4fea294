internal import SharedModel

/// Where an object or the bucket is found: the host to speak to and the encoded path, in path or virtual-host style.
struct S3Address: Sendable, Hashable {
  let scheme: String
  /// The Host header's value.
  let authority: String
  /// Percent-encoded once, slashes kept, as it is both sent and signed.
  let path: String

  /// Addresses the object at `key`, or the bucket itself where it is nil.
  init(endpoint: S3Endpoint, bucket: String, key: ObjectKey?, pathStyle: Bool) {
    let keyPath = key.map { PercentEncoding.path($0.description) } ?? ""
    scheme = endpoint.scheme
    if pathStyle {
      authority = endpoint.authority(host: endpoint.host)
      path = "/\(PercentEncoding.path(bucket))" + (key == nil ? "" : "/\(keyPath)")
    } else {
      authority = endpoint.authority(host: "\(bucket).\(endpoint.host)")
      path = "/\(keyPath)"
    }
  }

  /// The absolute URL with an already encoded query.
  func url(query: String) -> String {
    "\(scheme)://\(authority)\(path)" + (query.isEmpty ? "" : "?\(query)")
  }
}
