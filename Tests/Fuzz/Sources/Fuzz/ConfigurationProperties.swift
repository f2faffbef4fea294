internal import FuzzProperties
internal import SharedConfig
internal import SharedModel

/// What must hold of the configuration file.
enum ConfigurationProperties {
  /// An accepted file says where to write; a refused one says why in one line.
  static func configuration(_ bytes: [UInt8]) {
    do {
      let (configuration, notices) = try Configuration.load(yaml: bytes, environment: [:])
      let known = Set(configuration.locations.map(\.id))
      require(!configuration.preference.isEmpty, "a preference is never empty")
      require(configuration.preference.first == configuration.home, "the first preference is home")
      require(configuration.preference.allSatisfy(known.contains), "every preference is a location")
      require(configuration.defaultLocations.allSatisfy(known.contains), "every default location is a location")
      require(configuration.limits.maximumLayerSizeBytes > 0, "the largest layer has a size")
      require(configuration.limits.uploadSessionLifetime > .zero, "an upload may rest for a time")
      require(!configuration.serverHostname.isEmpty, "the registry has a name")
      for notice in notices { require(!String(describing: notice).contains("\n"), "a notice is one line") }
      again(configuration, bytes: bytes)
    } catch {
      require(!error.description.utf8.contains(UInt8(ascii: "\n")), "a refusal is one line")
      require(error.description.utf8.count < 16 << 10, "a refusal is short")
    }
  }

  private static func again(_ configuration: Configuration, bytes: [UInt8]) {
    // A refusal here is the broken property itself.
    let second = try? Configuration.load(yaml: bytes, environment: [:])
    require(second?.0 == configuration, "the same file is the same configuration")
    let chosen = ["QUAY_DISTRIBUTED_STORAGE_PREFERENCE": configuration.home.description]
    // The environment may name a location the file's other rules do not allow alone.
    guard let (other, _) = try? Configuration.load(yaml: bytes, environment: chosen) else { return }
    require(other.home == configuration.home, "the environment's preference decides")
    require(other.fingerprint == configuration.fingerprint, "a region's own choice is not in the fingerprint")
  }
}
