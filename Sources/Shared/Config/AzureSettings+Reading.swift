import SharedModel

extension AzureSettings {
  /// Reads `AzureStorage` as Quay does (storage/azurestorage.py): `endpoint_url`, else the account's own host in the
  /// public cloud.
  ///
  /// Where both are written the key is used and the access signature is not, as in Quay; unlike Quay, which takes the
  /// signature and never uses it, a signature alone works.
  init(_ section: ConfigurationSection) throws(ConfigurationError) {
    let account = try Self.account(section)
    let (endpoint, accountInPath) = try Self.endpoint(section, account: account)
    let path = try section.text("storage_path") ?? ""
    guard let storagePath = StoragePath(path) else {
      throw section.invalid("storage_path", path, "must be printable ASCII without '..', at most 512 characters")
    }
    self.init(
      endpoint: endpoint, accountName: account, accountInPath: accountInPath, container: try Self.container(section),
      storagePath: storagePath, authorization: try Self.authorization(section, isSecure: endpoint.scheme == "https"),
      caBundlePath: try section.text("ca_bundle_path"))
  }

  private static func account(_ section: ConfigurationSection) throws(ConfigurationError) -> String {
    let name = try section.text("azure_account_name") ?? ""
    guard (3...24).contains(name.utf8.count), name.utf8.allSatisfy({ $0.isDigit || isLowerCase($0) }) else {
      throw section.invalid(
        "azure_account_name", name, "is not the name of a storage account: 3 to 24 lower-case letters and digits")
    }
    return name
  }

  private static func container(_ section: ConfigurationSection) throws(ConfigurationError) -> String {
    let name = try section.text("azure_container") ?? ""
    let hyphen = UInt8(ascii: "-")
    guard (3...63).contains(name.utf8.count), name.utf8.first != hyphen, name.utf8.last != hyphen,
      !name.contains("--"), name.utf8.allSatisfy({ $0.isDigit || isLowerCase($0) || $0 == hyphen })
    else {
      throw section.invalid(
        "azure_container", name,
        "is not the name of a container: 3 to 63 lower-case letters, digits and single hyphens between them")
    }
    return name
  }

  private static func endpoint(
    _ section: ConfigurationSection, account: String
  ) throws(ConfigurationError) -> (StoreEndpoint, accountInPath: Bool) {
    guard let written = try section.text("endpoint_url"), !written.isEmpty else {
      guard let endpoint = StoreEndpoint(scheme: "https", host: "\(account).blob.core.windows.net") else {
        throw section.invalid("azure_account_name", account, "makes no host name")
      }
      return (endpoint, false)
    }
    if let endpoint = StoreEndpoint(parsing: written) { return (endpoint, false) }
    let url = written.hasSuffix("/") ? written.dropLast() : written[...]
    guard url.hasSuffix("/\(account)"), let endpoint = StoreEndpoint(parsing: String(url.dropLast(account.utf8.count)))
    else {
      throw section.invalid(
        "endpoint_url", written,
        "must be http(s)://HOST[:PORT], or http(s)://HOST[:PORT]/\(account) where the account belongs into the path")
    }
    return (endpoint, true)
  }

  private static func authorization(
    _ section: ConfigurationSection, isSecure: Bool
  ) throws(ConfigurationError) -> Authorization {
    if let key = try section.secret("azure_account_key"), !key.revealed.isEmpty {
      guard let bytes = Base64.decode(key.revealed), bytes.count >= 16 else {
        throw section.invalid(
          "azure_account_key", nil, "must be one of the account's access keys, in base64 as the portal shows it")
      }
      return .sharedKey(key)
    }
    guard let token = try section.secret("sas_token"), !token.revealed.isEmpty else {
      throw section.missing("azure_account_key", hint: "AzureStorage needs it, or sas_token")
    }
    do throws(AzureAccessSignature.Refusal) {
      return .accessSignature(try AzureAccessSignature(parsing: token.revealed, isSecure: isSecure))
    } catch {
      throw section.invalid("sas_token", nil, error.reason)
    }
  }

  private static func isLowerCase(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
}
