internal import SharedModel

/// Signs URLs of a CloudFront distribution that has the bucket's storage path as its origin path, as Quay's
/// `CloudFrontedS3Storage` does (storage/cloud.py): the URL names the object below the storage path.
///
/// Canned policy: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-creating-signed-url-canned-policy.html
package struct CloudFrontSigner: Sendable {
  private let domain: String
  private let keyPairID: String
  private let key: SigningRSA

  /// Takes a distribution's host name, the id of a public key it trusts and the private key's PEM text.
  ///
  /// Throws `misconfigured` where the text is no RSA private key without a passphrase.
  package init(domain: String, keyPairID: String, privateKey: [UInt8], path: String) throws(StorageError) {
    guard let key = SigningRSA(pem: privateKey) else {
      throw .misconfigured(
        reason: "cloudfront_privatekey_filename \(path) is not an RSA private key in PEM form without a passphrase")
    }
    self.domain = domain
    self.keyPairID = keyPairID
    self.key = key
  }

  /// The URL that lets its bearer GET the object until that second since the epoch.
  func url(of key: ObjectKey, in storagePath: StoragePath, until end: Int64) throws(StorageError) -> String {
    let name = key.description
    // A key from before the storage path was changed keeps its whole name.
    let below = name.hasPrefix(storagePath.prefix) ? String(name.dropFirst(storagePath.prefix.count)) : name
    let url = "https://\(domain)/\(PercentEncoding.path(below))"
    let policy =
      "{\"Statement\":[{\"Resource\":\"\(url)\",\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":\(end)}}}]}"
    guard let signature = self.key.signature(of: Array(policy.utf8)) else {
      throw .unsupported(operation: "sign with the distribution's key")
    }
    return "\(url)?Expires=\(end)&Signature=\(Self.encoded(signature))&Key-Pair-Id=\(PercentEncoding.query(keyPairID))"
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~".utf8)

  /// Base64 with the characters CloudFront has in place of `+`, `/` and `=`: `-`, `~` and `_`.
  static func encoded(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for index in 0..<4 {
        text.append(
          index <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * index) & 63)] : UInt8(ascii: "_"))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
