package import SharedModel

/// A shared access signature: the query of a URL that authorises whoever holds it.
///
/// https://learn.microsoft.com/rest/api/storageservices/delegate-access-with-shared-access-signature
package struct AzureAccessSignature: Sendable, Hashable {
  /// The encoded query as it is put behind every URL, without a question mark.
  package let query: Secret
  /// When it ends (`se`), as `YYYY-MM-DDThh:mm:ssZ`; nil where a policy stored with the container says so.
  package let expiry: String?

  /// Why a text is no access signature that an engine could work with; it quotes nothing of the text's signature.
  struct Refusal: Error, Equatable {
    let reason: String
  }

  /// Takes the text the portal and `az storage container generate-sas` give, a question mark in front allowed.
  init(parsing text: String, isSecure: Bool) throws(Refusal) {
    let query = text.hasPrefix("?") ? String(text.dropFirst()) : text
    guard query.utf8.count <= 2048, query.utf8.allSatisfy(Self.isQueryByte) else {
      throw Refusal(reason: "must be the query of a shared access signature as it stands behind a URL, percent-encoded")
    }
    var fields: [Substring: Substring] = [:]
    for item in query.split(separator: "&") {
      guard let mark = item.firstIndex(of: "="), fields[item[..<mark]] == nil else {
        throw Refusal(reason: "must be NAME=VALUE pairs joined by '&', each name once")
      }
      fields[item[..<mark]] = item[item.index(after: mark)...]
    }
    guard fields["sig"]?.isEmpty == false, fields["sv"]?.isEmpty == false else {
      throw Refusal(reason: "must hold sv and sig; a token cut at its first '&' has lost them: put it in quotes")
    }
    try Self.checkScope(fields)
    if fields["spr"] == "https", !isSecure { throw Refusal(reason: "is for https only (spr), endpoint_url is http") }
    self.query = Secret(query)
    expiry = fields["se"].map { Self.moment(String($0)) }
  }

  /// Reading, writing, deleting and listing, in the whole container.
  private static func checkScope(_ fields: [Substring: Substring]) throws(Refusal) {
    if let services = fields["ss"] {
      guard services.contains("b") else { throw Refusal(reason: "is not for the Blob service (ss needs b)") }
      guard let types = fields["srt"], types.contains("c"), types.contains("o") else {
        throw Refusal(reason: "must be for containers and objects (srt needs c and o)")
      }
    } else if let resource = fields["sr"], resource != "c" {
      throw Refusal(reason: "must be for the whole container (sr=c), not for one blob or folder")
    }
    // A policy stored with the container may say all that is left open here.
    if fields["si"] != nil, fields["sp"] == nil { return }
    let missing = "rwdl".filter { fields["sp"]?.contains($0) != true }
    guard missing.isEmpty else {
      throw Refusal(reason: "must allow reading, writing, deleting and listing (sp lacks \(missing))")
    }
    guard fields["se"] != nil || fields["si"] != nil else { throw Refusal(reason: "must say when it ends (se)") }
  }

  /// The service takes times without seconds and days without times.
  private static func moment(_ text: String) -> String {
    let text = text.replacing("%3A", with: ":").replacing("%3a", with: ":")
    return switch text.utf8.count {
    case 10: "\(text)T00:00:00Z"
    case 17 where text.hasSuffix("Z"): "\(text.dropLast()):00Z"
    default: text
    }
  }

  private static func isQueryByte(_ byte: UInt8) -> Bool {
    byte.isWord || "-.~%=&+:,/;".utf8.contains(byte)
  }
}
