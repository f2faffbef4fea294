import Shared
import Testing

@Suite("Names, tags, digests and ids have one grammar each")
struct NameGrammarTests {
  @Test(arguments: [
    "a", "a/b", "library/alpine", "a.b_c__d-e---f/0", "tags/list", "a/blobs/uploads", "manifests/x",
    String(repeating: "a", count: 255),
  ])
  func repositoryNames(_ name: String) throws {
    #expect(try RepositoryName(parsing: name).description == name)
  }

  @Test(arguments: [
    "", "A", "a/", "/a", "a//b", "a..b", "a--__b", "a___b", "-a", "a-", "a._b", "a/.b", "a\n", "ａ/b", "a b", "a%2fb",
    "../a",
    String(repeating: "a", count: 256), "é", "a\u{0}",
  ])
  func notRepositoryNames(_ name: String) {
    #expect(throws: ModelError.self) { try RepositoryName(parsing: name) }
  }

  @Test func namespaces() throws {
    #expect(try RepositoryName(parsing: "org/a/b").namespace == "org")
    #expect(try RepositoryName(parsing: "alone").namespace == "alone")
  }

  @Test func tags() throws {
    for tag in ["latest", "_x", "1.0", "V1-rc.2", String(repeating: "a", count: 128)] {
      #expect(try TagName(parsing: tag).description == tag)
    }
    for tag in ["", ".a", "-a", "a:b", "a/b", "a b", "é", String(repeating: "a", count: 129), "a\n"] {
      #expect(throws: ModelError.self) { try TagName(parsing: tag) }
    }
  }

  @Test func references() throws {
    let digest = "sha256:" + String(repeating: "0", count: 64)
    #expect(try Reference(parsing: digest) == .digest(try Digest(parsing: digest)))
    #expect(try Reference(parsing: "latest") == .tag(try TagName(parsing: "latest")))
    #expect(try Reference(parsing: digest).description == digest)
    #expect(throws: ModelError.self) { try Reference(parsing: "sha256:zz") }
    #expect(throws: ModelError.self) { try Reference(parsing: "a:b") }
  }

  @Test(arguments: [
    "sha256:" + String(repeating: "a", count: 63), "sha256:" + String(repeating: "a", count: 65),
    "sha256:" + String(repeating: "A", count: 64), "sha512:" + String(repeating: "a", count: 64), "sha256", "sha256:",
    ":",
    "sha384:" + String(repeating: "a", count: 96), "sha256+b64u:abc", "sha256:../../etc/passwd", "",
    " sha256:" + String(repeating: "a", count: 64), "sha256:" + String(repeating: "a", count: 64) + "\u{0}",
  ])
  func notDigests(_ text: String) {
    #expect(throws: ModelError.self) { try Digest(parsing: text) }
  }

  @Test func digestsOfKnownContent() throws {
    #expect(
      Digest(of: [UInt8]()).description == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(Digest(of: Array("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Digest(of: Array("abc".utf8), algorithm: .sha512).hex.hasPrefix(
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea2"))
    #expect(Digest(algorithm: .sha256, bytes: [1, 2]) == nil)
  }

  @Test func locationsAndRegions() throws {
    for id in ["usstorage", "_a", "US.store-1", String(repeating: "a", count: 64)] {
      #expect(try LocationID(parsing: id).description == id)
    }
    for id in ["", "-a", ".a", "a b", "a/b", "a;evil", "a:b", "é", String(repeating: "a", count: 65), "a\n"] {
      #expect(throws: ModelError.self) { try LocationID(parsing: id) }
    }
    for name in ["us", "eu-west-1", "0"] { #expect(try RegionName(parsing: name).description == name) }
    for name in ["", "-us", "us-", "US", "u_s", "u.s", "u s", "ü", String(repeating: "a", count: 65)] {
      #expect(throws: ModelError.self) { try RegionName(parsing: name) }
    }
  }

  @Test func mediaTypesLoseTheirParameters() throws {
    #expect(try MediaType(parsing: "application/json").description == "application/json")
    #expect(try MediaType(parsing: " \ttext/plain ; charset=utf-8").description == "text/plain")
    #expect(try MediaType(parsing: "application/vnd.oci.image.index.v1+json") == .ociIndex)
    for text in [
      "", "json", "a/b/c", "/b", "a/", "a b/c", "a/b c", "a/ü", "a/b\n", "a/b\u{301}", ";a/b",
      String(repeating: "a", count: 255) + "/b",
    ] {
      #expect(throws: ModelError.self) { try MediaType(parsing: text) }
    }
  }

  @Test func mediaTypeTable() {
    #expect(MediaType.acceptedManifests.allSatisfy { $0.isManifest != $0.isIndex })
    #expect(MediaType.dockerManifest.isDocker && MediaType.dockerManifestList.isDocker && !MediaType.ociIndex.isDocker)
    #expect(MediaType.dockerSchema1.isDockerSchema1 && MediaType.dockerSchema1Signed.isDockerSchema1)
    #expect(MediaType.dockerForeignLayer.isNonDistributable && MediaType.ociForeignLayerZstd.isNonDistributable)
    #expect(!MediaType.ociLayer.isNonDistributable && !MediaType.dockerLayer.isNonDistributable)
  }

  @Test func identifiers() throws {
    let identifier = RandomIdentifier()
    #expect(RandomIdentifier(parsing: identifier.hex) == identifier)
    #expect(identifier != RandomIdentifier())
    for text in ["", "*", "../x", String(repeating: "0", count: 36), String(repeating: "A", count: 32)] {
      #expect(RandomIdentifier(parsing: text) == nil)
    }
    var zeros = ZeroGenerator()
    #expect(RandomIdentifier(using: &zeros).hex == String(repeating: "0", count: 32))
  }

  @Test func hexadecimal() {
    #expect(Hexadecimal.encode([0, 255, 0x1a]) == "00ff1a")
    #expect(Hexadecimal.decode("00Ff1a") == [0, 255, 0x1a])
    #expect(Hexadecimal.decode("0") == nil && Hexadecimal.decode("0g") == nil && Hexadecimal.decode("") == [])
  }

  private struct ZeroGenerator: RandomNumberGenerator {
    mutating func next() -> UInt64 { 0 }
  }
}
