import Shared
import Testing

@Suite("Manifests are read as every client reads them")
struct ParsedManifestTests {
  private typealias Fixture = ManifestFixtures

  @Test func anImageKeepsItsBytesAndNamesItsBlobs() throws {
    let text = "  \n" + Fixture.image(extra: #""x-unknown":{"a":[1.50,null,true]},"annotations":{"k":"v"}"#) + "\n "
    let manifest = try Fixture.parse(text, "application/vnd.oci.image.manifest.v1+json; charset=utf-8")
    #expect(manifest.bytes == Array(text.utf8))
    #expect(manifest.digest == Digest(of: Array(text.utf8)))
    #expect(manifest.mediaType == .ociManifest)
    #expect(manifest.blobs.map(\.digest.description) == [Fixture.configDigest, Fixture.layerDigest])
    #expect(manifest.blobs.map(\.size) == [2, 7])
    #expect(manifest.children.isEmpty && manifest.optionalBlobs.isEmpty)
    #expect(manifest.annotations == ["k": "v"])
    #expect(manifest.configMediaType == .ociConfig)
    #expect(manifest.subject == nil && manifest.artifactType == nil)
    #expect(manifest.referrerArtifactType == "application/vnd.oci.image.config.v1+json")
  }

  @Test func theDigestFollowsTheAlgorithmAskedFor() throws {
    let bytes = Array(Fixture.image().utf8)
    let manifest = try ParsedManifest(bytes: bytes, contentType: nil, algorithm: .sha512)
    #expect(manifest.digest == Digest(of: bytes, algorithm: .sha512))
  }

  @Test func theTypeComesFromTheDocumentThenTheHeaderThenTheShape() throws {
    #expect(
      try Fixture.parse(Fixture.image(type: nil), "application/vnd.docker.distribution.manifest.v2+json").mediaType
        == .dockerManifest)
    #expect(try Fixture.parse(Fixture.image(type: nil), nil).mediaType == .ociManifest)
    #expect(try Fixture.parse(Fixture.index(type: nil), nil).mediaType == .ociIndex)
    #expect(try Fixture.parse(Fixture.index(type: nil), "").mediaType == .ociIndex)
    #expect(try Fixture.parse(Fixture.image(type: ""), nil).mediaType == .ociManifest)
    let list = "application/vnd.docker.distribution.manifest.list.v2+json"
    #expect(try Fixture.parse(Fixture.index(type: list), nil).mediaType == .dockerManifestList)
  }

  @Test func headerAndDocumentMustAgree() {
    let image = Fixture.image()
    #expect(
      Fixture.refusal(image, "application/vnd.docker.distribution.manifest.v2+json")?.contains("Content-Type") == true)
    #expect(Fixture.refusal(image, "application/json")?.contains("Content-Type") == true)
    #expect(Fixture.refusal(image, "nonsense")?.contains("media type") == true)
    #expect(Fixture.refusal(image, "application/vnd.oci.image.manifest.v1+json;a=b") == nil)
    #expect(Fixture.refusal(Fixture.image(type: nil), "application/octet-stream")?.contains("manifest type") == true)
  }

  @Test func oneDocumentCannotBeTwoKinds() {
    let entry = Fixture.descriptor(type: "application/vnd.oci.image.manifest.v1+json")
    let both = Fixture.image(type: nil, extra: #""manifests":[\#(entry)]"#)
    for type in [nil, "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"] {
      #expect(Fixture.refusal(both, type)?.contains("not both") == true)
    }
    #expect(Fixture.refusal(Fixture.image(type: nil, extra: #""manifests":[]"#))?.contains("not both") == true)
    #expect(Fixture.refusal(Fixture.image(type: nil), "application/vnd.oci.image.index.v1+json") != nil)
    #expect(Fixture.refusal(Fixture.index(type: nil), "application/vnd.oci.image.manifest.v1+json") != nil)
    // What a Go client wrote for a list it never made is no second kind.
    #expect(Fixture.refusal(Fixture.image(extra: #""manifests":null"#)) == nil)
  }

  @Test(arguments: [
    #"{"schemaVersion":1,"fsLayers":[],"history":[]}"#,
    #"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}"#,
    #"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v1+json","config":{}}"#,
    #"{"schemaVersion":2,"fsLayers":[{"blobSum":"x"}],"config":{},"layers":[]}"#,
  ])
  func schemaOneIsRefused(_ text: String) {
    #expect(Fixture.refusal(text)?.contains("schema 1") == true)
  }

  @Test(arguments: ["", #""schemaVersion":3,"#, #""schemaVersion":"2","#, #""schemaVersion":2.0,"#])
  func theSchemaVersionIsTheNumberTwo(_ member: String) {
    let rest = Fixture.image().dropFirst("{\"schemaVersion\":2,".count)
    #expect(Fixture.refusal("{" + member + rest)?.contains("schemaVersion") == true)
  }

  @Test func artifactsNeedNoLayersButAConfig() throws {
    let subject = Fixture.descriptor(Fixture.otherDigest, type: "application/vnd.oci.image.manifest.v1+json")
    let text = Fixture.image(
      layers: nil,
      config: Fixture.descriptor(Fixture.configDigest, size: "2", type: "application/vnd.oci.empty.v1+json"),
      extra: #""artifactType":"application/vnd.example+type","subject":\#(subject)"#)
    let manifest = try Fixture.parse(text)
    #expect(manifest.subject?.digest.description == Fixture.otherDigest)
    #expect(manifest.referrerArtifactType == "application/vnd.example+type")
    #expect(
      manifest.blobs.map(\.digest.description) == [Fixture.configDigest], "the subject is no blob and may be missing")
    #expect(try Fixture.parse(Fixture.image(layers: [])).blobs.count == 1)
    #expect(Fixture.refusal(Fixture.image().replacing(#""layers":["#, with: #""layers":[null,"#)) != nil)
    #expect(Fixture.refusal(Fixture.image(config: nil))?.contains("config is missing") == true)
    #expect(Fixture.refusal(Fixture.image(config: "null"))?.contains("config is missing") == true)
  }

  @Test func aDockerManifestHasNoSubject() throws {
    let subject = Fixture.descriptor(Fixture.otherDigest)
    let manifest = try Fixture.parse(
      Fixture.image(type: "application/vnd.docker.distribution.manifest.v2+json", extra: #""subject":\#(subject)"#))
    #expect(manifest.subject == nil)
  }

  @Test func anIndexNamesItsChildrenOnce() throws {
    let manifestType = "application/vnd.oci.image.manifest.v1+json"
    let manifest = try Fixture.parse(
      Fixture.index(entries: [
        Fixture.descriptor(type: manifestType, extra: #""platform":{"os":"linux","architecture":"arm64"}"#),
        Fixture.descriptor(type: manifestType, extra: #""annotations":{"a":"b"}"#),
        Fixture.descriptor(Fixture.otherDigest, type: "application/vnd.oci.image.index.v1+json"),
        Fixture.descriptor(Fixture.configDigest, type: "application/vnd.buildkit.cacheconfig.v0"),
      ]))
    #expect(manifest.children.map(\.digest.description) == [Fixture.layerDigest, Fixture.otherDigest])
    #expect(manifest.blobs.map(\.digest.description) == [Fixture.configDigest])
    #expect(manifest.referrerArtifactType == nil)
    #expect(try Fixture.parse(Fixture.index(entries: [])).children.isEmpty)
    #expect(try Fixture.parse(Fixture.index().replacing(#"[{"#, with: #"[ {"#)).children.count == 1)
    #expect(
      try Fixture.parse(#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":null}"#)
        .children.isEmpty)
  }

  @Test func foreignLayersWithUrlsNeedNotBeThere() throws {
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    let urls = #""urls":["https://mirror.example.com/layer?x=1","http://other.example:8080/l"]"#
    let manifest = try Fixture.parse(
      Fixture.image(layers: [
        Fixture.descriptor(type: foreign, extra: urls), Fixture.descriptor(Fixture.otherDigest, type: foreign),
      ]))
    #expect(manifest.blobs.map(\.digest.description) == [Fixture.configDigest, Fixture.otherDigest])
    #expect(manifest.optionalBlobs.map(\.digest.description) == [Fixture.layerDigest])
    #expect(manifest.optionalBlobs.first?.urls.count == 2)
    #expect(
      Fixture.refusal(Fixture.image(layers: [Fixture.descriptor(extra: urls)]))?.contains("non-distributable") == true)
    #expect(Fixture.refusal(Fixture.image(layers: [Fixture.descriptor(extra: #""urls":[]"#)])) == nil)
  }

  @Test(arguments: [
    "file:///etc/passwd", "ftp://a/b", "https://user:password@host/x", "https://host/x#fragment", "https:///x",
    "//host/x",
    "https://host/a b", "https://ho\\\\st/", "", "javascript:alert(1)", "https://é.example/",
  ])
  func foreignUrlsAreHttpWithoutTricks(_ url: String) {
    let layer = Fixture.descriptor(
      type: "application/vnd.oci.image.layer.nondistributable.v1.tar", extra: #""urls":["\#(url)"]"#)
    #expect(Fixture.refusal(Fixture.image(layers: [layer]))?.contains("urls") == true)
  }
}
