import Testing

@testable import RegistryAPI

@Suite("Places for connections")
struct ConnectionPlacesTests {
  @Test("private and local addresses belong to nobody, public ones to themselves or to their network")
  func sources() {
    for text in [
      "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.0.1", "100.64.0.1", "::1",
      "fd00::1", "fe80::1", "::ffff:10.0.0.1", "no address", "fe80::1%eth0",
    ] { #expect(ConnectionPlaces.Source(text: text) == nil, "\(text)") }
    let first = ConnectionPlaces.Source(text: "203.0.113.9")
    #expect(first != nil)
    #expect(first == ConnectionPlaces.Source(text: "::ffff:203.0.113.9"))
    #expect(first != ConnectionPlaces.Source(text: "203.0.113.10"))
    #expect(ConnectionPlaces.Source(text: "172.32.0.1") != nil)
    #expect(ConnectionPlaces.Source(text: "2001:db8:1:2::1") == ConnectionPlaces.Source(text: "2001:db8:1:2:ffff::9"))
    #expect(ConnectionPlaces.Source(text: "2001:db8:1:2::1") != ConnectionPlaces.Source(text: "2001:db8:1:3::1"))
  }

  @Test("one address is held to its limit before everybody is to theirs")
  func limits() {
    let places = ConnectionPlaces(limits: ConnectionLimits(total: 4, perAddress: 2))
    let one = ConnectionPlaces.Source(text: "203.0.113.1")
    #expect(places.enter(one) == .admitted)
    #expect(places.enter(one) == .admitted)
    #expect(places.enter(one) == .tooManyFromAddress)
    #expect(places.enter(nil) == .admitted)
    #expect(places.enter(nil) == .tooMany)
    for source in [one, nil, one] { places.leave(source) }
    #expect(places.enter(one) == .admitted)
    #expect(places.enter(nil) == .admitted)
    #expect(places.enter(nil) == .tooMany)
  }
}
