internal import SharedModel

/// Azure's Shared Key authorisation and the service access signatures made with the same key.
///
/// Pure: time comes with each call.
/// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
struct SigningSharedKey: Sendable {
  /// What is signed of a request.
  struct Request: Sendable {
    var method: String
    /// Percent-encoded as sent.
    var path: String
    /// Not encoded; lower-case names.
    var query: [(name: String, value: String)] = []
    /// Lower-case names; values without surrounding spaces.
    var headers: [(name: String, value: String)]
    var contentLengthBytes: Int64 = 0
  }

  /// The version of the service that requests ask for (`x-ms-version`) and access signatures are made by (`sv`).
  ///
  /// It knows blocks of 4,000 MiB (2019-12-12), signs the encryption scope (2020-12-06) and lists names XML has no form
  /// for (2021-02-12).
  static let version = "2021-12-02"

  let accountName: String
  private let mac: SigningMAC

  init(accountName: String, key: [UInt8]) {
    self.accountName = accountName
    mac = SigningMAC(key: key)
  }

  /// The Authorization header's value.
  func authorization(for request: Request) -> String {
    "SharedKey \(accountName):\(signature(of: stringToSign(request)))"
  }

  /// The text that is signed, of versions from 2015-02-21 on, which leave out a length of zero.
  func stringToSign(_ request: Request) -> String {
    func value(_ name: String) -> String { request.headers.first { $0.name == name }?.value ?? "" }
    let length = request.contentLengthBytes == 0 ? "" : String(request.contentLengthBytes)
    var text = """
      \(request.method)
      \(value("content-encoding"))
      \(value("content-language"))
      \(length)
      \(value("content-md5"))
      \(value("content-type"))
      \(value("date"))
      \(value("if-modified-since"))
      \(value("if-match"))
      \(value("if-none-match"))
      \(value("if-unmodified-since"))
      \(value("range"))

      """
    for (name, value) in request.headers.filter({ $0.name.hasPrefix("x-ms-") }).sorted(by: { $0.name < $1.name }) {
      text += "\(name):\(value)\n"
    }
    text += "/\(accountName)\(request.path)"
    for (name, value) in request.query.sorted(by: { $0.name < $1.name }) { text += "\n\(name):\(value)" }
    return text
  }

  /// The query that lets its bearer read the blob of that name in a container until `expiry`.
  ///
  /// https://learn.microsoft.com/rest/api/storageservices/create-service-sas, for versions from 2020-12-06 on.
  func readQuery(container: String, name: String, expiry: AzureTime, httpsOnly: Bool) -> String {
    let protocols = httpsOnly ? "https" : ""
    // Permissions, start, expiry, resource, identifier, address, protocol, version, kind of resource, snapshot,
    // encryption scope, and five headers of the answer.
    let fields = [
      "r", "", expiry.iso8601, "/blob/\(accountName)/\(container)/\(name)", "", "", protocols, Self.version, "b", "",
      "",
      "", "", "", "", "",
    ]
    var query = [("sp", "r"), ("se", expiry.iso8601), ("sv", Self.version), ("sr", "b")]
    if httpsOnly { query.append(("spr", protocols)) }
    query.append(("sig", signature(of: fields.joined(separator: "\n"))))
    return query.map { "\($0.0)=\(PercentEncoding.query($0.1))" }.joined(separator: "&")
  }

  private func signature(of text: String) -> String { Base64.encode(mac.code(of: text.utf8)) }
}
