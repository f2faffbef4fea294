import SharedModel

extension WebhookSettings {
  private static let key = "REPLICATION_WEBHOOKS"
  private static let keys = ["name", "url", "secret", "locations", "namespaces", "timeout", "allow_link_local"]
  /// More receivers than this are refused.
  private static let maximumCount = 32
  private static let minimumSecretBytes = 16

  /// Reads `REPLICATION_WEBHOOKS`, a list of receivers with different names.
  static func list(
    _ root: ConfigurationSection, locations: [LocationID]
  ) throws(ConfigurationError) -> [WebhookSettings] {
    guard let value = root.value(key) else { return [] }
    guard case .list(let elements) = value.content else {
      throw .wrongType(key: root.place(key), expected: "a list of receivers", found: value.kindName)
    }
    guard elements.count <= maximumCount else {
      throw root.invalid(key, nil, "lists more than \(maximumCount) receivers")
    }
    var receivers: [WebhookSettings] = []
    for (index, element) in elements.enumerated() {
      let section = try ConfigurationSection(element, path: "\(key)[\(index)]")
      let receiver = try WebhookSettings(section, locations: locations)
      guard !receivers.contains(where: { $0.name == receiver.name }) else {
        throw section.invalid("name", receiver.name, "is the name of another receiver already")
      }
      receivers.append(receiver)
    }
    return receivers
  }

  private init(_ section: ConfigurationSection, locations: [LocationID]) throws(ConfigurationError) {
    try section.refuseKeys(notIn: Self.keys)
    guard let name = try section.text("name") else { throw section.missing("name") }
    guard Self.isName(name) else {
      throw section.invalid("name", name, "must be 1 to 64 lowercase letters, digits, dots, dashes and underscores")
    }
    guard let secret = try section.secret("secret") else {
      throw section.missing("secret", hint: "events are signed with it, so that the receiver knows who sent them")
    }
    guard secret.revealed.utf8.count >= Self.minimumSecretBytes, Set(secret.revealed.utf8).count > 3 else {
      throw section.invalid("secret", nil, "is too easy to guess: at least \(Self.minimumSecretBytes) characters")
    }
    let allowsLinkLocal = try section.boolean("allow_link_local") ?? false
    self.init(
      name: name, url: try Self.url(section, allowsLinkLocal: allowsLinkLocal), secret: secret,
      locations: try Self.locations(section, known: locations), namespaces: try Self.namespaces(section),
      timeout: .seconds(try section.integer("timeout", in: 1...60) ?? 10), allowsLinkLocal: allowsLinkLocal)
  }

  private static func url(
    _ section: ConfigurationSection, allowsLinkLocal: Bool
  ) throws(ConfigurationError) -> WebhookURL {
    guard let text = try section.text("url") else { throw section.missing("url") }
    // Not shown in errors, for a URL may hold a token.
    guard let url = WebhookURL(parsing: text) else {
      throw section.invalid("url", nil, "must be http://HOST[:PORT]/PATH or https://…, without user and fragment")
    }
    switch NetworkAddress(parsing: url.endpoint.host)?.danger {
    case .linkLocal where !allowsLinkLocal:
      throw section.invalid("url", nil, "is a link-local address; allow_link_local: true permits it")
    case .noHost: throw section.invalid("url", nil, "is an address no host has")
    case .linkLocal, nil: return url
    }
  }

  private static func locations(
    _ section: ConfigurationSection, known: [LocationID]
  ) throws(ConfigurationError) -> Set<LocationID>? {
    guard let texts = try section.texts("locations") else { return nil }
    var locations: Set<LocationID> = []
    for text in texts {
      guard let location = known.first(where: { $0.description == text }) else {
        throw .unknownLocation(key: section.place("locations"), location: Excerpt(text), known: known)
      }
      locations.insert(location)
    }
    guard !locations.isEmpty else { throw section.invalid("locations", nil, "is empty; leave it out to mean all") }
    return locations
  }

  private static func namespaces(_ section: ConfigurationSection) throws(ConfigurationError) -> Set<String>? {
    guard let texts = try section.texts("namespaces") else { return nil }
    for text in texts {
      // Why a name is refused does not matter here: it is no namespace.
      guard let name = try? RepositoryName(parsing: text), name.namespace == text else {
        throw section.invalid("namespaces", text, "is no namespace: the first component of a repository's name")
      }
    }
    guard !texts.isEmpty else { throw section.invalid("namespaces", nil, "is empty; leave it out to mean all") }
    return Set(texts)
  }

  private static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        byte.isLowercaseAlphanumeric || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains(byte)
      }
  }
}
