package import SharedModel

/// A container of OpenStack Swift, spoken to by Swift's own API: Quay's `SwiftStorage`.
package struct OpenStackSettings: Sendable, Hashable {
  package let container: String
  package let storagePath: StoragePath
  package let signIn: OpenStackSignIn
  /// A PEM file of certificate authorities to trust instead of the system's.
  package let caBundlePath: String?
  /// Signs temporary URLs; nil has no presigned downloads.
  package let temporaryURLKey: Secret?
  package let connectTimeout: Duration
  /// Tries after the first.
  package let retryCount: Int
  /// Whether a request the store turned away as one too many (429, 498) is made again.
  package let retriesRateLimits: Bool

  /// Makes settings; the defaults are Quay's.
  package init(
    container: String, storagePath: StoragePath, signIn: OpenStackSignIn, caBundlePath: String? = nil,
    temporaryURLKey: Secret? = nil, connectTimeout: Duration = .seconds(5), retryCount: Int = 5,
    retriesRateLimits: Bool = true
  ) {
    self.container = container
    self.storagePath = storagePath
    self.signIn = signIn
    self.caBundlePath = caBundlePath
    self.temporaryURLKey = temporaryURLKey
    self.connectTimeout = connectTimeout
    self.retryCount = retryCount
    self.retriesRateLimits = retriesRateLimits
  }
}

extension OpenStackSettings: EngineDescription {
  package var engineName: String { "SwiftStorage" }
  package var summary: String { "\(signIn.address), container \(container)/\(storagePath.prefix)" }
  package var identity: String { "\(container)/\(storagePath.prefix)" }
}

/// Who asks for a token, where and for what.
package struct OpenStackSignIn: Sendable, Hashable {
  /// Which protocol `address` speaks.
  package enum Version: Int, Sendable {
    /// Swift's own: tempauth, swauth.
    case one = 1
    /// Keystone's `v2.0`.
    case two = 2
    /// Keystone's `v3`.
    case three = 3
  }

  /// A project, user or domain, known by either.
  package enum Name: Sendable, Hashable {
    case id(String)
    case name(String)
  }

  /// Keystone's credentials of a program instead of a person's.
  package struct Application: Sendable, Hashable {
    package let id: String
    package let secret: Secret

    /// Names an application credential.
    package init(id: String, secret: Secret) {
      self.id = id
      self.secret = secret
    }
  }

  package let version: Version
  /// An absolute URL without a trailing slash.
  package let address: String
  package let user: Name
  package let password: Secret
  /// Nil where the version has none, or where the application credential implies it.
  package var project: Name?
  package var userDomain: Name
  package var projectDomain: Name
  package var application: Application?
  /// Takes only this region's endpoint from the catalog.
  package var region: String?
  /// `public`, `internal` or `admin`.
  package var interface: String
  package var serviceType: String
  /// Used instead of the address the service names.
  package var storageURL: String?

  /// Makes a sign-in; the defaults are those of Swift's own client.
  package init(
    version: Version, address: String, user: Name, password: Secret, project: Name? = nil,
    userDomain: Name = .id("default"), projectDomain: Name = .id("default"), application: Application? = nil,
    region: String? = nil, interface: String = "public", serviceType: String = "object-store", storageURL: String? = nil
  ) {
    self.version = version
    self.address = address
    self.user = user
    self.password = password
    self.project = project
    self.userDomain = userDomain
    self.projectDomain = projectDomain
    self.application = application
    self.region = region
    self.interface = interface
    self.serviceType = serviceType
    self.storageURL = storageURL
  }
}
