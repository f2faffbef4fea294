import SharedModel

extension OpenStackSettings {
  /// Reads `SwiftStorage` as Quay does (storage/swift.py), whose client is python-swiftclient.
  ///
  /// `simple_path_concat` decides in Quay whether a slash stands between `storage_path` and a name. The names of Meridian's
  /// objects always have it, for without it a listing would show what lies beside the path, too; so it is accepted and
  /// changes nothing.
  init(_ section: ConfigurationSection) throws(ConfigurationError) {
    let container = try section.text("swift_container") ?? ""
    guard (1...256).contains(container.utf8.count), container != ".", container != "..",
      container.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"/?#%\\".utf8.contains($0) })
    else {
      throw section.invalid(
        "swift_container", container, "is not the name of a container: up to 256 characters, no '/'")
    }
    let path = try section.text("storage_path") ?? ""
    guard let storagePath = StoragePath(path) else {
      throw section.invalid("storage_path", path, "must be printable ASCII without '..', at most 512 characters")
    }
    if try section.boolean("server_side_encryption") == true {
      throw section.invalid(
        "server_side_encryption", nil, "is not available: Swift encrypts at rest by its own proxy's configuration")
    }
    let written = try section.text("ca_cert_path")
    let authority = if let written { written } else { try section.text("ca_bundle_path") }
    if let authority, !authority.hasPrefix("/") {
      throw section.invalid("ca_cert_path", authority, "must be the absolute path of a PEM file")
    }
    let seconds = try section.integer("connect_timeout", in: 0...300) ?? 0
    self.init(
      container: container, storagePath: storagePath, signIn: try OpenStackSignIn(section), caBundlePath: authority,
      temporaryURLKey: try section.secret("temp_url_key").flatMap { $0.revealed.isEmpty ? nil : $0 },
      connectTimeout: .seconds(seconds == 0 ? 5 : seconds),
      retryCount: Int(try section.integer("retry_count", in: 0...100) ?? 5),
      retriesRateLimits: try section.boolean("retry_on_ratelimit") ?? true)
  }
}

extension OpenStackSignIn {
  /// The keys of `os_options` that python-swiftclient looks at and that mean something here.
  private static let optionNames = [
    "tenant_name", "tenant_id", "project_name", "project_id", "user_id", "user_domain_name", "user_domain_id",
    "project_domain_name", "project_domain_id", "region_name", "endpoint_type", "service_type", "object_storage_url",
    "auth_type", "application_credential_id", "application_credential_secret",
  ]

  init(_ section: ConfigurationSection) throws(ConfigurationError) {
    let options =
      try section.section("os_options")
      ?? ConfigurationSection(path: section.place("os_options").key, origin: .unknown, entries: [])
    try options.refuseKeys(notIn: Self.optionNames)
    let (version, address) = try Self.versionAndAddress(section)
    var user = try section.text("swift_user") ?? ""
    var project = try Self.name(options, ids: ["project_id", "tenant_id"], names: ["project_name", "tenant_name"])
    // Swift's own client reads `tenant:user` where no tenant is given; version 1 sends it as it is.
    if version != .one, project == nil, let colon = user.firstIndex(of: ":") {
      project = .name(String(user[..<colon]))
      user = String(user[user.index(after: colon)...])
    }
    let userID = try options.text("user_id")
    self.init(
      version: version, address: address, user: userID.map { .id($0) } ?? .name(user),
      password: try section.secret("swift_password") ?? Secret(""), project: version == .one ? nil : project)
    if let domain = try Self.name(options, ids: ["user_domain_id"], names: ["user_domain_name"]) { userDomain = domain }
    if let domain = try Self.name(options, ids: ["project_domain_id"], names: ["project_domain_name"]) {
      projectDomain = domain
    }
    application = try Self.application(options, version: version)
    region = try options.text("region_name")
    interface = try Self.interface(options)
    serviceType = try options.text("service_type") ?? "object-store"
    storageURL = try Self.url("object_storage_url", options)
    guard version == .one || self.project != nil || application != nil else {
      throw section.missing(
        "os_options.tenant_name",
        hint: "Keystone gives a token for a project: name it there (or project_name, project_id), or write swift_user "
          + "as PROJECT:USER")
    }
  }

  /// What `auth_version` and the end of `auth_url` say together; Keystone's path is added where it is left out.
  private static func versionAndAddress(
    _ section: ConfigurationSection
  ) throws(ConfigurationError) -> (Version, String) {
    let text = try section.text("auth_version") ?? "2"
    let version: Version
    switch text {
    case "1", "1.0": version = .one
    case "2", "2.0": version = .two
    case "3", "3.0": version = .three
    default: throw section.invalid("auth_version", text, "must be 1 (Swift's own), 2 or 3 (Keystone's)")
    }
    guard let url = try url("auth_url", section) else { throw section.missing("auth_url") }
    let last = url.split(separator: "/").last.map(String.init) ?? ""
    let written: Version? =
      switch last {
      case "v1", "v1.0": .one
      case "v2.0": .two
      case "v3": .three
      default: nil
      }
    if let written, written != version {
      throw section.invalid(
        "auth_url", url, "is of version \(written.rawValue), but auth_version is \(version.rawValue) (2 where not set)")
    }
    guard written == nil else { return (version, url) }
    switch version {
    case .one: return (version, url)
    case .two: return (version, "\(url)/v2.0")
    case .three: return (version, "\(url)/v3")
    }
  }

  /// An absolute http or https URL without query, without its trailing slashes.
  private static func url(_ key: String, _ section: ConfigurationSection) throws(ConfigurationError) -> String? {
    guard let text = try section.text(key), !text.isEmpty else { return nil }
    let trimmed = String(text.reversed().drop { $0 == "/" }.reversed())
    let scheme = ["https://", "http://"].first { trimmed.lowercased().hasPrefix($0) }
    let rest = trimmed.dropFirst(scheme?.count ?? 0)
    let host = rest.prefix { $0 != "/" }
    guard let scheme, trimmed.utf8.count <= 1024, StoreEndpoint(parsing: scheme + host) != nil,
      rest.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"?#\\".utf8.contains($0) }),
      !rest.split(separator: "/").contains(where: { $0 == "." || $0 == ".." })
    else { throw section.invalid(key, text, "must be http://HOST[:PORT]/PATH or https://…, without a query") }
    return trimmed
  }

  private static func name(
    _ options: ConfigurationSection, ids: [String], names: [String]
  ) throws(ConfigurationError) -> Name? {
    for key in ids { if let id = try options.text(key), !id.isEmpty { return .id(id) } }
    for key in names { if let name = try options.text(key), !name.isEmpty { return .name(name) } }
    return nil
  }

  private static func application(
    _ options: ConfigurationSection, version: Version
  ) throws(ConfigurationError) -> Application? {
    let type = try options.text("auth_type")
    let id = try options.text("application_credential_id")
    let secret = try options.secret("application_credential_secret")
    guard let id, let secret else {
      guard id == nil, secret == nil, type == nil || type == "v3password" else {
        throw options.missing(
          id == nil ? "application_credential_id" : "application_credential_secret",
          hint: "an application credential is an id and a secret")
      }
      return nil
    }
    guard version == .three, type == nil || type == "v3applicationcredential" else {
      throw options.invalid(
        "application_credential_id", id, "needs auth_version 3 and Keystone's password plugin unset")
    }
    return Application(id: id, secret: secret)
  }

  /// `publicURL` and `public` are the same thing in two versions of Keystone.
  private static func interface(_ options: ConfigurationSection) throws(ConfigurationError) -> String {
    let text = try options.text("endpoint_type") ?? "publicURL"
    let name = text.hasSuffix("URL") ? String(text.dropLast(3)) : text
    guard ["public", "internal", "admin"].contains(name) else {
      throw options.invalid("endpoint_type", text, "must be publicURL, internalURL or adminURL")
    }
    return name
  }
}
