import Shared
import Testing

@Suite("What two readers could understand differently is refused")
struct ManifestRefusalTests {
  private typealias Fixture = ManifestFixtures

  @Test(arguments: [
    ("Layers", "layers"), ("LAYERS", "layers"), ("layer\u{17f}", "layers"), ("MediaType", "mediaType"),
    ("manifestS", "manifests"), ("\u{17f}ubject", "subject"), ("SchemaVersion", "schemaVersion"), ("Config", "config"),
    ("fsLayerS", "fsLayers"), ("ArtifactType", "artifactType"),
  ])
  func topLevelNamesInAnotherSpellingAreRefused(_ name: String, _ known: String) {
    #expect(name != known)
    let reason = Fixture.refusal(Fixture.image(extra: #""\#(name)":[]"#))
    #expect(reason?.contains("case-sensitive") == true, "\(name): \(reason ?? "accepted")")
  }

  @Test func escapedNamesAreTheSameNames() {
    #expect(Fixture.refusal(Fixture.image(extra: #""\u004cayers":[]"#))?.contains("case-sensitive") == true)
    #expect(Fixture.refusal(Fixture.image(extra: #""l\u0061yers":[]"#))?.contains("twice") == true)
  }

  @Test(arguments: ["Digest", "\u{17f}ize", "MEDIATYPE", "URLs", "Data", "Platform"])
  func descriptorNamesInAnotherSpellingAreRefused(_ name: String) {
    let layer = Fixture.descriptor(extra: #""\#(name)":"x""#)
    #expect(Fixture.refusal(Fixture.image(layers: [layer]))?.contains("case-sensitive") == true)
    #expect(Fixture.refusal(Fixture.image(extra: #""subject":\#(layer)"#))?.contains("case-sensitive") == true)
  }

  @Test func annotationsMayHaveAnyNames() throws {
    let manifest = try Fixture.parse(Fixture.image(extra: #""annotations":{"Layers":"a","layers":"b","é":"c"}"#))
    #expect(manifest.annotations.count == 3)
  }

  @Test(arguments: [
    #""annotations":{"a":1}"#, #""annotations":[]"#, #""annotations":{"a":"\u0000"}"#, #""annotations":{"\u0000":"a"}"#,
    #""artifactType":7"#, #""artifactType":"a\nb""#, #""subject":"x""#, #""subject":{}"#,
  ])
  func sideFieldsHaveTheirTypes(_ member: String) {
    #expect(Fixture.refusal(Fixture.image(extra: member)) != nil)
  }

  @Test(arguments: [
    "-1", "1.0", "1e3", "9223372036854775808", "99999999999999999999999", "\"7\"", "null", "true", "[7]", "07", "+7",
    "NaN",
  ])
  func sizesAreWholeNumbersThatFit(_ size: String) {
    #expect(Fixture.refusal(Fixture.image(layers: [Fixture.descriptor(size: size)])) != nil)
  }

  @Test func theLargestSizeFits() throws {
    let manifest = try Fixture.parse(Fixture.image(layers: [Fixture.descriptor(size: "9223372036854775807")]))
    #expect(manifest.blobs.last?.size == Int64.max)
    #expect(
      try Fixture.parse(Fixture.image(layers: [Fixture.descriptor(size: "-0")])).blobs.last?.size == 0, "as Go reads it"
    )
  }

  @Test(arguments: [
    "sha256:abc", "sha256:" + String(repeating: "A", count: 64), "md5:" + String(repeating: "a", count: 32), "",
    "sha256:../../etc/passwd", "sha256:" + String(repeating: "a", count: 64) + "\\u0000",
  ])
  func digestsAreWellFormed(_ digest: String) {
    #expect(Fixture.refusal(Fixture.image(layers: [Fixture.descriptor(digest)]))?.contains("digest") == true)
  }

  @Test func descriptorsOfOneDigestAgreeOnItsSize() throws {
    let same = [Fixture.descriptor(), Fixture.descriptor()]
    #expect(try Fixture.parse(Fixture.image(layers: same)).blobs.count == 2)
    let different = [Fixture.descriptor(), Fixture.descriptor(size: "8")]
    #expect(Fixture.refusal(Fixture.image(layers: different))?.contains("different sizes, 7 and 8") == true)
  }

  @Test func embeddedDataHasTheSizeItSays() {
    func layer(_ data: String, _ size: String) -> String {
      Fixture.image(layers: [Fixture.descriptor(size: size, extra: #""data":\#(data)"#)])
    }
    #expect(Fixture.refusal(layer(#""e30=""#, "2")) == nil)
    #expect(Fixture.refusal(layer(#""""#, "0")) == nil)
    #expect(Fixture.refusal(layer("null", "7")) == nil)
    #expect(Fixture.refusal(layer(#""e30=""#, "3"))?.contains("holds 2 bytes but size is 3") == true)
    for bad in [#""e30""#, #""e3=0""#, #""e_0=""#, #""====""#, "7"] {
      #expect(Fixture.refusal(layer(bad, "2")) != nil, "\(bad)")
    }
  }

  @Test func limitsHold() {
    let image = Fixture.image()
    #expect(Fixture.refusal(image, limits: .init(maximumBytes: image.utf8.count)) == nil)
    #expect(Fixture.refusal(image, limits: .init(maximumBytes: image.utf8.count - 1))?.contains("larger than") == true)
    #expect(Fixture.refusal(image, limits: .init(maximumDescriptors: 2)) == nil)
    #expect(Fixture.refusal(image, limits: .init(maximumDescriptors: 1))?.contains("more than 1 descriptors") == true)
    let deep = String(repeating: "[", count: 31) + String(repeating: "]", count: 31)
    #expect(Fixture.refusal(Fixture.image(extra: "\"x\":\(deep)")) == nil)
    #expect(Fixture.refusal(Fixture.image(extra: "\"x\":[\(deep)]"))?.contains("deeper than 32") == true)
  }

  @Test func moreThanTenThousandDescriptorsAreRefusedQuickly() {
    let layers = (0...10_000).map { index in
      let hex = String(index, radix: 16)
      return Fixture.descriptor("sha256:" + String(repeating: "0", count: 64 - hex.count) + hex)
    }
    #expect(Fixture.refusal(Fixture.image(layers: layers))?.contains("more than 10000 descriptors") == true)
    #expect(Fixture.refusal(Fixture.image(layers: Array(layers.prefix(9_999)))) == nil)
  }

  @Test(arguments: ["", "null", "[]", "\"x\"", "{", "{}", "{\"schemaVersion\":2}", "\u{feff}{}", "{}{}", "<html>"])
  func otherDocumentsAreRefused(_ text: String) {
    #expect(Fixture.refusal(text) != nil)
  }

  @Test func everySpoiltByteIsSurvived() {
    // A cheap fuzz: no byte of a manifest, replaced by any of these, may do worse than be refused.
    let bytes = Array(Fixture.image(extra: #""annotations":{"a":"\u00e9\ud83d\ude00"}"#).utf8)
    for index in bytes.indices {
      for replacement in [0x00, 0x22, 0x5c, 0x7b, 0x7d, 0x2d, 0x65, 0x80, 0xff] as [UInt8] {
        var spoilt = bytes
        spoilt[index] = replacement
        do throws(ModelError) {
          let manifest = try ParsedManifest(bytes: spoilt, contentType: nil)
          #expect(manifest.bytes == spoilt)
        } catch {
          #expect(!error.description.isEmpty)
        }
        do throws(ModelError) {
          _ = try ParsedManifest(bytes: Array(bytes[..<index]), contentType: nil)
          Issue.record("a truncated manifest was accepted at \(index)")
        } catch {
          #expect(!error.description.isEmpty)
        }
      }
    }
  }
}
