import Foundation
import Shared
import TestSupport
import Testing

@testable import SharedConfig
@testable import SharedStorage

/// Access signatures as an operator makes them with the fake account's key.
enum AzureSignatures {
  /// One for a whole container; it may end in the past.
  static func container(
    _ container: String, expiresInSeconds seconds: Int64, permissions: String = "racwdl"
  ) throws -> AzureSettings.Authorization {
    let end = AzureTime(secondsSinceEpoch: Int64(Date.now.timeIntervalSince1970) + seconds).iso8601
    let version = SigningSharedKey.version
    let fields = [
      permissions, "", end, "/blob/\(AzureFake.accountName)/\(container)", "", "", "", version, "c", "", "", "", "", "",
      "", "",
    ]
    let mac = SigningMAC(key: try #require(Base64.decode(AzureFake.key)))
    let signature = PercentEncoding.query(Base64.encode(mac.code(of: fields.joined(separator: "\n").utf8)))
    let text = "?sp=\(permissions)&se=\(PercentEncoding.query(end))&sv=\(version)&sr=c&sig=\(signature)"
    return .accessSignature(try AzureAccessSignature(parsing: text, isSecure: false))
  }
}
