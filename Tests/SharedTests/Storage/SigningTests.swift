import Shared
import Testing

@testable import SharedStorage

/// Expected values are those AWS publishes: the Signature Version 4 test suite and the examples of
/// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and `sigv4-query-string-auth.html`.
@Suite("Signature Version 4")
struct SigningTests {
  private let suite = SigningV4(
    credentials: StoreCredentials(
      accessKey: "AKIDEXAMPLE", secretKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
    region: "us-east-1", service: "service")
  private let suiteTime = SigningTime(secondsSinceEpoch: 1_440_938_160)
  private let s3 = SigningV4(
    credentials: StoreCredentials(
      accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
    region: "us-east-1")
  private let s3Time = SigningTime(secondsSinceEpoch: 1_369_353_600)
  private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  @Test func timesAreWrittenAsUTC() {
    #expect(suiteTime.stamp == "20150830T123600Z")
    #expect(s3Time.stamp == "20130524T000000Z")
    #expect(SigningTime(secondsSinceEpoch: 0).stamp == "19700101T000000Z")
    #expect(SigningTime(secondsSinceEpoch: 951_782_400).stamp == "20000229T000000Z")
    #expect(SigningTime(secondsSinceEpoch: 1_709_251_199).stamp == "20240229T235959Z")
    #expect(SigningTime(secondsSinceEpoch: 1_735_689_599).stamp == "20241231T235959Z")
    #expect(SigningTime(secondsSinceEpoch: .max).stamp == "99991231T235959Z")
  }

  @Test(arguments: [
    ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
  ])
  func vanillaRequestsOfTheTestSuite(_ method: String, _ signature: String) {
    let request = SigningV4.Request(
      method: method, path: "/", headers: [("x-amz-date", suiteTime.stamp), ("host", "example.amazonaws.com")],
      payloadHash: Self.emptyHash)
    let value = suite.authorization(for: request, at: suiteTime)
    #expect(
      value == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        + "SignedHeaders=host;x-amz-date, Signature=\(signature)")
  }

  @Test func queryIsSortedInTheTestSuite() {
    let request = SigningV4.Request(
      method: "GET", path: "/", query: [("Param2", "value2"), ("Param1", "value1")],
      headers: [("host", "example.amazonaws.com"), ("x-amz-date", suiteTime.stamp)], payloadHash: Self.emptyHash)
    #expect(
      suite.authorization(for: request, at: suiteTime)
        .hasSuffix("=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"))
  }

  @Test func s3GetWithARange() {
    let request = SigningV4.Request(
      method: "GET", path: "/test.txt",
      headers: [
        ("host", "examplebucket.s3.amazonaws.com"), ("range", "bytes=0-9"), ("x-amz-content-sha256", Self.emptyHash),
        ("x-amz-date", s3Time.stamp),
      ], payloadHash: Self.emptyHash)
    #expect(
      s3.authorization(for: request, at: s3Time)
        .hasSuffix("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"))
  }

  @Test func s3PutWithAnEncodedName() {
    let hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
    let request = SigningV4.Request(
      method: "PUT", path: "/" + PercentEncoding.path("test$file.text"),
      headers: [
        ("date", "Fri, 24 May 2013 00:00:00 GMT"), ("host", "examplebucket.s3.amazonaws.com"),
        ("x-amz-content-sha256", hash), ("x-amz-date", s3Time.stamp), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
      ], payloadHash: hash)
    #expect(
      s3.authorization(for: request, at: s3Time)
        .hasSuffix("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
  }

  @Test func s3ListingWithAQuery() {
    let request = SigningV4.Request(
      method: "GET", path: "/", query: [("max-keys", "2"), ("prefix", "J")],
      headers: [
        ("host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", Self.emptyHash),
        ("x-amz-date", s3Time.stamp),
      ], payloadHash: Self.emptyHash)
    #expect(
      s3.authorization(for: request, at: s3Time)
        .hasSuffix("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
  }

  @Test func s3PresignedGet() {
    let query = s3.presignedQuery(
      path: "/test.txt", host: "examplebucket.s3.amazonaws.com", lifetimeSeconds: 86_400, at: s3Time)
    #expect(
      query == "X-Amz-Algorithm=AWS4-HMAC-SHA256"
        + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
  }

  @Test func theKeyChangesWithTheDay() {
    let cache = SigningKeyCache()
    let secret = Secret("secret")
    func code(_ day: String) -> [UInt8] {
      cache.mac(secret: secret, day: day, region: "r", service: "s3").code(of: "text".utf8)
    }
    let first = code("20240101")
    #expect(code("20240102") != first)
    #expect(code("20240101") == first)
  }

  /// RFC 4231, test cases 1, 2, 6 and 7: keys shorter and longer than a block.
  @Test func codesAreThoseOfTheStandard() {
    let long = [UInt8](repeating: 0xaa, count: 131)
    let cases: [([UInt8], String, String)] = [
      (
        [UInt8](repeating: 0x0b, count: 20), "Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), "what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        long, "Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
      (
        long,
        "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed "
          + "before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
      ),
    ]
    for (key, message, expected) in cases {
      #expect(Hexadecimal.encode(SigningMAC(key: key).code(of: message.utf8)) == expected)
      #expect(Hexadecimal.encode(SigningMAC(key: key).code(of: Array(message.utf8).lazy.map { $0 })) == expected)
    }
  }

  @Test func addressesInBothStyles() throws {
    let endpoint = try #require(S3Endpoint(parsing: "https://S3.example.com:443/"))
    let key = try ObjectKey(parsing: "registry/blobs/a+b~(1)")
    let path = S3Address(endpoint: endpoint, bucket: "images", key: key, pathStyle: true)
    #expect(path.url(query: "") == "https://s3.example.com/images/registry/blobs/a%2Bb~%281%29")
    let host = S3Address(endpoint: endpoint, bucket: "images", key: key, pathStyle: false)
    #expect(host.url(query: "x=1") == "https://images.s3.example.com/registry/blobs/a%2Bb~%281%29?x=1")
    #expect(S3Address(endpoint: endpoint, bucket: "images", key: nil, pathStyle: true).path == "/images")
    #expect(S3Address(endpoint: endpoint, bucket: "images", key: nil, pathStyle: false).path == "/")
    let local = try #require(S3Endpoint(parsing: "http://[::1]:9000"))
    #expect(S3Address(endpoint: local, bucket: "b", key: nil, pathStyle: true).authority == "[::1]:9000")
  }

  @Test(arguments: [
    "ftp://a", "http://", "http://a/b", "http://a:0", "http://a:99999", "http://u@a", "http://a?b", "a", "http://a b",
  ])
  func endpointsThatAreNone(_ text: String) {
    #expect(S3Endpoint(parsing: text) == nil)
  }
}
