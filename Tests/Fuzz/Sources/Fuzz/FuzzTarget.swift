internal import Glibc
internal import RedisReplies
internal import RegistryParsers
internal import S3Answers

/// One parser under test: its name on the command line and what is done with an input.
struct FuzzTarget: Sendable {
  let name: String
  let run: @Sendable ([UInt8]) -> Void

  /// All targets; `scripts/fuzz` knows them by the folders of the corpus.
  static let all: [FuzzTarget] = [
    FuzzTarget(name: "path", run: RegistryProperties.path),
    FuzzTarget(name: "query", run: RegistryProperties.query),
    FuzzTarget(name: "authorization", run: RegistryProperties.authorization),
    FuzzTarget(name: "content-range", run: RegistryProperties.contentRange),
    FuzzTarget(name: "scope", run: RegistryProperties.scope),
    FuzzTarget(name: "digest", run: ModelProperties.digest),
    FuzzTarget(name: "reference", run: ModelProperties.reference),
    FuzzTarget(name: "range", run: ModelProperties.range),
    FuzzTarget(name: "hash-state", run: ModelProperties.hashState),
    FuzzTarget(name: "manifest", run: ManifestProperties.manifest),
    FuzzTarget(name: "config", run: ConfigurationProperties.configuration),
    FuzzTarget(name: "resp", run: RedisProperties.replies),
    FuzzTarget(name: "s3-xml", run: S3Properties.answer),
    FuzzTarget(name: "s3-listing", run: S3Properties.listing),
  ]

  /// The target named in the environment, nil where there is none of that name.
  static let chosen: FuzzTarget? = getenv("MERIDIAN_FUZZ_TARGET").flatMap { name in
    all.first { $0.name == String(cString: name) }
  }
}
