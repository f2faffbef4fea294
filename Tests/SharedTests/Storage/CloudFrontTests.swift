import Foundation
import Shared
import SharedConfig
import TestSupport
import Testing

@testable import SharedStorage

/// Expected signatures were made with `openssl dgst -sha1 -sign` over the canned policy of CloudFront's documentation.
@Suite("URLs of a CloudFront distribution")
struct CloudFrontTests {
  private static let signature =
    "IZYcqvsMUJkAF8qU4gqtr~G5rym7i5VOXzGjHsKi4Mhnn8YEhIgiZna87BDe6-15Ps5VC8KFzXBwz-UQ7aJz6SK3Cxnc9xel"
    + "71weBxtIwAUHsx5rOLQmhzrdffg-~kxtbHlHrwdiksn4h2ur0B7EGH-7XGr63nr4krblqfwjTMDxJoViblZ6SW1U91Xgptel"
    + "V-PJz2yRAlzKa-3IPsPIzsc9sJB7N6goBuAc7IQ5L9it-ceJKR8EpWvwRQl9n8krGzhicZKNW8Y6sym72cbpGYO6GEVd~1lK"
    + "zvOgzECTzdI9W-Iu~uzt-EJV-FayGUyQPjSlUBXHr9eQzPo0o2QKuA__"

  private func settings(keyPath: String) throws -> LocationSettings {
    let configuration = try ConfigurationFixtures.load([
      "DISTRIBUTED_STORAGE_CONFIG":
        "{s: [CloudFrontedS3Storage, {storage_path: /registry, s3_bucket: images, s3_access_key: AK, "
        + "s3_secret_key: SK, cloudfront_distribution_domain: d111.cloudfront.net, cloudfront_key_id: KPID, "
        + "cloudfront_privatekey_filename: '\(keyPath)'}]}"
    ])
    return try #require(configuration.locations.first)
  }

  private func withKey(_ pem: String, _ body: (String) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      try pem.write(toFile: "\(folder)/cf.pem", atomically: true, encoding: .utf8)
      try await body("\(folder)/cf.pem")
    }
  }

  @Test func theURLIsSignedWithTheCannedPolicy() async throws {
    try await withKey(Self.key) { path in
      guard case .s3(let settings) = try self.settings(keyPath: path).engine else { return }
      let connection = try StoreFactory.connection(settings, publicEndpoint: nil)
      try await S3TestService.withStore(connection, now: { 1_767_290_340 }) { store in
        let url = try store.presignedGet(try ObjectKey(parsing: "registry/blobs/ab/abc+1"), lifetime: .seconds(60))
        #expect(
          url == "https://d111.cloudfront.net/blobs/ab/abc%2B1?Expires=1767290400&Signature=\(Self.signature)"
            + "&Key-Pair-Id=KPID")
      }
    }
  }

  @Test func bothFormsOfAKeyAreRead() async throws {
    let message = Array("text".utf8)
    let modern = try #require(SigningRSA(pem: Array(Self.key.utf8)))
    let traditional = try #require(SigningRSA(pem: Array(Self.traditionalKey.utf8)))
    #expect(modern.signature(of: message)?.count == 256)
    #expect(modern.signature(of: message) == traditional.signature(of: message))
  }

  @Test func keysThatAreNoneAreSaidAtOpening() async throws {
    for pem in ["", "text", Self.encryptedKey, Self.ellipticKey] {
      try await withKey(pem) { path in
        let location = try settings(keyPath: path)
        #expect(
          throws: StorageError.misconfigured(
            reason: "cloudfront_privatekey_filename \(path) is not an RSA private key in PEM form without a passphrase")
        ) { _ = try StoreFactory.open(location) }
      }
    }
    let missing = try settings(keyPath: "/nonexistent/cf.pem")
    #expect(
      throws: StorageError.misconfigured(
        reason: "cloudfront_privatekey_filename /nonexistent/cf.pem cannot be read: No such file or directory")
    ) { _ = try StoreFactory.open(missing) }
  }

  @Test(arguments: [
    ([UInt8](), ""), ([0xff], "~w__"), ([0xfb, 0xff], "-~8_"), ([0xfb, 0xff, 0xff], "-~~~"),
    ([1, 2, 3, 4], "AQIDBA__"),
  ])
  func theAlphabetIsCloudFronts(_ bytes: [UInt8], _ text: String) {
    #expect(CloudFrontSigner.encoded(bytes) == text)
  }
}

extension CloudFrontTests {
  // Keys made for this test; they open nothing.
  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC/GcpbmrnBnJyk
    AEqsrhLRbV3bAvilR8px2gyRhQS2KLnKfmpnUklRdO25wxNWwsW4E8u5xyKSROvS
    PypDzbR0O2Keg8lN/aYSQ4D3KVzEolVsPbEIeTGRhgEwiscGmgbRF1alI1yhEZTc
    ei2cotEbDw1FJXBx8mOjIMLg+ACspO/282XkFKJ0iA+XWC6py0O7f7WksihVpkBh
    PLLxMrV2CalSXsU8+2djArWPJMg52MnZR+EzyP6Mgo1HynhKWGDtYugTyicvN4ga
    KwSlyjEeavD/tMBInScH6KpzoOoXrdo5h+ILMWUmBQPTOGRYtGDhA/0KT2tM4GSd
    vMKzuPIPAgMBAAECggEABJeTOsSgORb71p8L1v7EhKl69g5/Y21dtS2sW/oqelFx
    NtH3Lu4VxUd+MkFjShRFGbQevaNGNpCXFXF0y7X6OPQiXbUaAG3wxdiUapwLrCKg
    fd40+QNR3cbZaXgJlKQyjLy3ACHg5x1GiqPES9LHxpLZL/Ot3OHFDir1M+BnF77r
    mC+ZBOJT8Z7LOc9pelJPb5U/avggq/sjPlP+Y0eUrVGLGiMNsm1tQdhufN6Pm6vO
    ySciORtDDwiJcds6mKZOt6JbTtYuL/9I1dyk/xPsIFz969BHfdv8PW6CEvw5N+nZ
    2RjO91IHVC95IcVIj/SuukzwXTiYEwJN3AcUhRhcrQKBgQDlV/3dTiKF9pht6v68
    VXpS8BPGOPl+hp3P74EFaCNyNV1MrXa9VnTptfho66a2Wzd4wFfYiWP+vjJMCkP+
    KjrrjXVe1aiBWwOSWKfq+qXuGAnuvnxiNH30dYtzEc0ayQ41bVFGs+sE1c/M3U0S
    cZ2WNirWnJgc6rmXvKkILR+2IwKBgQDVT+Xr/gHMhbos4uRU7DuhguQzOdYJPTI7
    6rfZiztuWLkU0aNuh/p46uO4HwAsVCU2LG4yupJFhZuhb+qzeT0twDQmPcEH5zMX
    14q1lCA++AAiAxdDv7tDWw3xGr3bzT6AJkxu8SLHcqzOEmFj9jiguv7dFuPvKZn+
    RQhCuE5VJQKBgA0T1GT/JJbQ9eYmpTnmAeCi0e3Wp9tgH7WQqaG+S28ivdw2c/Pd
    7zK4bp7E+S+iyen3xcqSIwKOo92UJEZk8BEocs3ijwY5Q13f8ktC2Z1W/5H+iKcs
    6RW8ciQwmqpxVn8TabQHZFpVOtEquU9Y7Sx4kD7GlSHo/IY7esP9lrZTAoGAFWne
    5/Do11I5XVYtm8TXO6B7LhVJQkYta8xlRmZuweYQNmHRKUBnSYoy8AHUr56G2che
    C6OlGWuPMwacJgYuuRAJbClY3mU8QNF3cED9d7THtqJezINL1jgmzyRjGNSiyJSP
    qbd1SVZeuJUpx7Io/yGmgiVRHmortlXRvXjpDC0CgYEAvR/bMFGiFBwxf4Ut4gXE
    qx8zjb1I2UftsA7HId4TGyx3xzq1wEjoxmWmMjo1R/B6zVDQYEuHyh6r1Mf5OUOv
    kujZxm7AeTUO/iE+6iFZQAVUu/pF4IUCqv5yzhBcs2YL54ApPzjxxxtpmkU+9pGB
    GPnznj84b/XKWJCzNcxc5Fw=
    -----END PRIVATE KEY-----
    """

  private static let traditionalKey = """
    -----BEGIN RSA PRIVATE KEY-----
    MIIEowIBAAKCAQEAvxnKW5q5wZycpABKrK4S0W1d2wL4pUfKcdoMkYUEtii5yn5q
    Z1JJUXTtucMTVsLFuBPLuccikkTr0j8qQ820dDtinoPJTf2mEkOA9ylcxKJVbD2x
    CHkxkYYBMIrHBpoG0RdWpSNcoRGU3HotnKLRGw8NRSVwcfJjoyDC4PgArKTv9vNl
    5BSidIgPl1guqctDu3+1pLIoVaZAYTyy8TK1dgmpUl7FPPtnYwK1jyTIOdjJ2Ufh
    M8j+jIKNR8p4Slhg7WLoE8onLzeIGisEpcoxHmrw/7TASJ0nB+iqc6DqF63aOYfi
    CzFlJgUD0zhkWLRg4QP9Ck9rTOBknbzCs7jyDwIDAQABAoIBAASXkzrEoDkW+9af
    C9b+xISpevYOf2NtXbUtrFv6KnpRcTbR9y7uFcVHfjJBY0oURRm0Hr2jRjaQlxVx
    dMu1+jj0Il21GgBt8MXYlGqcC6wioH3eNPkDUd3G2Wl4CZSkMoy8twAh4OcdRoqj
    xEvSx8aS2S/zrdzhxQ4q9TPgZxe+65gvmQTiU/GeyznPaXpST2+VP2r4IKv7Iz5T
    /mNHlK1RixojDbJtbUHYbnzej5urzsknIjkbQw8IiXHbOpimTreiW07WLi//SNXc
    pP8T7CBc/evQR33b/D1ughL8OTfp2dkYzvdSB1QveSHFSI/0rrpM8F04mBMCTdwH
    FIUYXK0CgYEA5Vf93U4ihfaYber+vFV6UvATxjj5foadz++BBWgjcjVdTK12vVZ0
    6bX4aOumtls3eMBX2Ilj/r4yTApD/io66411XtWogVsDklin6vql7hgJ7r58YjR9
    9HWLcxHNGskONW1RRrPrBNXPzN1NEnGdljYq1pyYHOq5l7ypCC0ftiMCgYEA1U/l
    6/4BzIW6LOLkVOw7oYLkMznWCT0yO+q32Ys7bli5FNGjbof6eOrjuB8ALFQlNixu
    MrqSRYWboW/qs3k9LcA0Jj3BB+czF9eKtZQgPvgAIgMXQ7+7Q1sN8Rq9280+gCZM
    bvEix3KszhJhY/Y4oLr+3Rbj7ymZ/kUIQrhOVSUCgYANE9Rk/ySW0PXmJqU55gHg
    otHt1qfbYB+1kKmhvktvIr3cNnPz3e8yuG6exPkvosnp98XKkiMCjqPdlCRGZPAR
    KHLN4o8GOUNd3/JLQtmdVv+R/oinLOkVvHIkMJqqcVZ/E2m0B2RaVTrRKrlPWO0s
    eJA+xpUh6PyGO3rD/Za2UwKBgBVp3ufw6NdSOV1WLZvE1zugey4VSUJGLWvMZUZm
    bsHmEDZh0SlAZ0mKMvAB1K+ehtnIXgujpRlrjzMGnCYGLrkQCWwpWN5lPEDRd3BA
    /Xe0x7aiXsyDS9Y4Js8kYxjUosiUj6m3dUlWXriVKceyKP8hpoIlUR5qK7ZV0b14
    6QwtAoGBAL0f2zBRohQcMX+FLeIFxKsfM429SNlH7bAOxyHeExssd8c6tcBI6MZl
    pjI6NUfwes1Q0GBLh8oeq9TH+TlDr5Lo2cZuwHk1Dv4hPuohWUAFVLv6ReCFAqr+
    cs4QXLNmC+eAKT848ccbaZpFPvaRgRj5854/OG/1yliQszXMXORc
    -----END RSA PRIVATE KEY-----
    """

  private static let encryptedKey = """
    -----BEGIN RSA PRIVATE KEY-----
    Proc-Type: 4,ENCRYPTED
    DEK-Info: AES-128-CBC,6935DE24DA8C89FCCF8B22C1DB11C219

    sJX7KA8lsrcgz+X9MDLuJQNWbdFMw9ZsLYdaNTWIIOEQqDl6n30wMGBB1FHyL98U
    vEjoaSpwXjUezGp6c3A1ikfe+SjPmSinuUbwYELrc+3MELJIk44tZNKxg8LAmIbI
    d9d45qMvCwPSi+FJOwi3spbwEhGzYHkgBlWAxeDBLqXBFNQjLBsgEMm2Y51zTQ7L
    uawKE8b7qnbLUTXrUNi8+Nr6lYF31/624c/GBhFxRCAkpqoKiQYJt4OBJPOQB1Wi
    qgfp6Tfnrg4rYQHzRQf0eS2DSfh1i5bkWE5F2Bcc0/jtper4k3ZfSS8ZEjx08puN
    94nm7+LMNBSWtx3YB1VnN3dIl9xBN+RRshgE/LzAlNpAsb7VBBkmtGM8dSaBRZrM
    6MifZasLufw0r4DFXxlk1rV1BtEsrqae8Pidpcq/FcdPTo7wXKx1w/uvObL2X8bc
    k2SjmoM4G3byoEUVED78516QcXbxJkbN9N8dWUQ6Pz114rhVvwg7EaC18K3/5/ep
    86rNs6ACovFGeZqYEn/pZnYSSyX0S4eTN1bxg7wUJeT8YrX5dkezQIcxb358wWMK
    U9oFrweGZr9WO6oexYftmPsS8M8Z1XVRCfHthkec0f8HOIUlBGGkdUHsmsOWQHVy
    2YHOzbf1bNj7+kDZA5hNNUwiB12BW48Bmog+boIFG0k4qb2xoid4TNTiRtMiTPOl
    6PsDLT1L9sIIVo9WQ5rcB3M1eWoY+N9Pene4/LujvBqdcxQv2gyrW/1M1CTCcCy4
    Ad4Qx4AeSRe2y0oEphod/RWPIUvXFhBBQPQvdEBw5zYmbxOPJJGzFnnb6IGbfVkF
    6FkLvhxwbYJzYuedTv4e19mqOvO81HXf68biPJsHCMgnSzQiXNmnNmppLtvB9Gg1
    RKytvIGDxy51A45LE10+ydq4tXe9Xd/Mbk2IJLOHqKoxKpLgTyfaemzi6fTXItDb
    uRPTatQp8tPry/RPPWrE1eIz4DLpt3fHtLwoWUIDGC2qSzfWNols+pl7GBDY95sE
    YAzpvdDopcQHOh9yai869HV9PoA+MrLD8uGxVArSYtSlUPyg2eJbRSf3DiDo6qEj
    bHigwoHRYU3QElp4BNVU08ojUV0zrLR0fu9DHD5G4AdzQwqqwFGH5IEwEBuL1VUr
    G6f5iO6sWSYzMx33MsjHQlQIWqF2JmmFoElLIvJujZWTsl91PwBpmNJzKJ/0Ua1Y
    Sv0edaZUxiqzD0XI1yRjzSdHGe5iAydNH82F8Hkm89ZS0/58k9VtfHg7HqXusssv
    7IZf4x8nWPxJouV5ao+uphX0MllB1+DNYEXspNom7QgkHvdSLEPUxXzJDVG+YVVE
    GE6D31poIWr+uDxKWVgA/UtePUKu+AT9MMiPnoWsNRmGVEUMD47zoZSFPFUY9dcp
    Uwhg6ni7RSnKXPAdneBWlcJ3TMG7hPb74FU5CEHM2AcgE1bgSlU4T341bTbLaZTy
    3uWfRxZ7ZT3jDXHsjctey4x+Mw8uxNJjhtugbPP7vdiXS0zTNjS0PGS8aLNrYE2m
    UvPcAA8WhiCFdbEeXjispElmRGG84p0YAhu0LN0TXhga1rMlAVQa2NVcvoNSAIdz
    -----END RSA PRIVATE KEY-----
    """

  private static let ellipticKey = """
    -----BEGIN EC PRIVATE KEY-----
    MHcCAQEEIJi5Lof7i5pM+GQ9yXHreopUjxTFkwwZ0GDaaAj5s3sioAoGCCqGSM49
    AwEHoUQDQgAEEAOm5gHmiv422RDNmfCkN16xkGwYSmL0VUfXzA6fdEwm86KxnPLJ
    qsLdHNAxpTO5b/ce5h8Hj0fwgqXuVAr7qA==
    -----END EC PRIVATE KEY-----
    """
}
