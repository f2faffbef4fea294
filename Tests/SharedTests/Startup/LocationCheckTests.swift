import Shared
import Testing

@testable import SharedCatalog
@testable import SharedStartup

@Suite("Locations of a configuration against those on record")
struct LocationCheckTests {
  private func check(us: LocationState, eu: LocationState) throws -> LocationCheck {
    LocationCheck(
      try ConfigurationFixtures.load(ConfigurationFixtures.quayGeoReplication).configuration,
      records: try [("usstorage", us), ("eustorage", eu)].map { id, state in
        LocationRecord(id: try LocationID(parsing: id), engineName: "GoogleCloudStorage", state: state, createdAtMs: 0)
      })
  }

  @Test("a removed home stops the process, another removed location only warns")
  func removed() throws {
    #expect(try check(us: .removed, eu: .active).refusal?.contains("usstorage was removed") == true)
    let other = try check(us: .active, eu: .removed)
    #expect(other.refusal == nil)
    #expect(other.warnings.count == 1)
    #expect(try check(us: .active, eu: .active).warnings.isEmpty)
  }

  @Test("a draining home says where pushes go; a joining location says what fills it")
  func states() throws {
    #expect(try check(us: .draining, eu: .active).warnings.contains { $0.contains("pushes go to eustorage") })
    #expect(try check(us: .readOnly, eu: .draining).warnings.contains { $0.contains("pushes go to no location") })
    #expect(try check(us: .active, eu: .joining).warnings.contains { $0.contains("add-location eustorage") })
  }
}
