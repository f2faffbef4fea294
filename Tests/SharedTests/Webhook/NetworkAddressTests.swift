import Shared
import Testing

@Suite("Addresses nothing is sent to")
struct NetworkAddressTests {
  @Test(
    "link-local and metadata addresses, in every disguise",
    arguments: [
      "169.254.169.254", "169.254.0.1", "fe80::1", "[fe80::a]", "febf::1", "::ffff:169.254.169.254",
      "::ffff:a9fe:a9fe", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::1", "::169.254.169.254", "fd00:ec2::254",
      "fd20:ce::254", "100.100.100.200", "192.0.0.192", "::ffff:100.100.100.200",
    ])
  func linkLocal(_ text: String) throws {
    #expect(try #require(NetworkAddress(parsing: text)).danger == .linkLocal)
  }

  @Test(
    "addresses that are no single host's",
    arguments: ["0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "240.0.0.1", "::", "ff02::1", "::ffff:0.0.0.0"])
  func noHost(_ text: String) throws {
    #expect(try #require(NetworkAddress(parsing: text)).danger == .noHost)
  }

  @Test(
    "hosts, near and far",
    arguments: [
      "127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fd12::1", "8.8.8.8", "2606:4700::1111", "::ffff:127.0.0.1",
      "169.253.255.255", "fec0::1",
    ])
  func hosts(_ text: String) throws {
    #expect(try #require(NetworkAddress(parsing: text)).danger == nil)
  }

  @Test(
    "only whole addresses are read", arguments: ["", "1.2.3", "1.2.3.4.5", "0x7f000001", "a.b", ":::", "1.2.3.4/8"])
  func unread(_ text: String) {
    #expect(NetworkAddress(parsing: text) == nil)
  }
}
