internal import SharedModel

/// A profile of a file in the form of `~/.aws/credentials`, read again every minute and whenever a store refuses what it
/// said last, so that rotated keys need no restart.
struct FileCredentials: CredentialsSource {
  let path: String
  let profile: String

  var identity: String { "file \(path) profile \(profile)" }
  var rereadSeconds: Int64? { 60 }

  func fetch() async throws(StorageError) -> StoreCredentials {
    let bytes = try await SmallFile.read(path, purpose: "the credentials file")
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw .misconfigured(reason: "the credentials file \(path) is not UTF-8")
    }
    let values = Self.values(text, profile: profile)
    guard let accessKey = values["aws_access_key_id"], let secretKey = values["aws_secret_access_key"],
      !accessKey.isEmpty, !secretKey.isEmpty
    else {
      throw .misconfigured(
        reason: "the credentials file \(path) has no aws_access_key_id and aws_secret_access_key under [\(profile)]")
    }
    let token = values["aws_session_token"].flatMap { $0.isEmpty ? nil : Secret($0) }
    let expiresAtMs = values["aws_expiration"].flatMap { StoreTimestamp.iso8601($0) }
    return StoreCredentials(
      accessKey: accessKey, secretKey: Secret(secretKey), sessionToken: token, expiresAt: expiresAtMs.map { $0 / 1_000 }
    )
  }

  /// The keys of one section: `name = value` lines, `#` and `;` begin comments, names without regard to case.
  static func values(_ text: String, profile: String) -> [String: String] {
    var values: [String: String] = [:]
    var isInside = false
    for line in text.split(whereSeparator: \.isNewline) {
      let line = trimmed(line)
      if line.hasPrefix("[") {
        isInside = line.hasSuffix("]") && trimmed(line.dropFirst().dropLast()) == profile[...]
      } else if isInside, !line.hasPrefix("#"), !line.hasPrefix(";"), let sign = line.firstIndex(of: "=") {
        values[trimmed(line[..<sign]).lowercased()] = String(trimmed(line[line.index(after: sign)...]))
      }
    }
    return values
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
    while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
    return text
  }
}
