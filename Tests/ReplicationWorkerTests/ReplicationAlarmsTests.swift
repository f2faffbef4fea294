import Shared
import Testing

@testable import ReplicationWorker

@Suite("Alarms are raised when something goes wrong for good, and not on every beat")
struct ReplicationAlarmsTests {
  private typealias Alarm = ReplicationAlarms.Alarm
  private let eu: LocationID
  private let us: LocationID

  init() throws {
    eu = try LocationID(parsing: "eustorage")
    us = try LocationID(parsing: "usstorage")
  }

  private func figures(parked: Int64 = 0, lost: Int64 = 0, atRisk: Int64 = 0) -> ReplicationFigures {
    var location = LocationFigures(location: eu)
    location.parked = parked
    location.sourceLost = lost
    var other = LocationFigures(location: us)
    other.atRisk = atRisk
    other.parked = 99
    return ReplicationFigures(locations: [location, other])
  }

  @Test func tellsWhenTheyAppearAndWhenTheyGrow() {
    var alarms = ReplicationAlarms()
    #expect(alarms.alarms(on: figures(), targets: [eu]).isEmpty)
    #expect(alarms.alarms(on: figures(parked: 2), targets: [eu]) == [Alarm(subject: .parked(eu), count: 2, before: 0)])
    #expect(alarms.alarms(on: figures(parked: 2), targets: [eu]).isEmpty)
    #expect(
      alarms.alarms(on: figures(parked: 3, lost: 1), targets: [eu]) == [
        Alarm(subject: .parked(eu), count: 3, before: 2), Alarm(subject: .sourceLost(eu), count: 1, before: 0),
      ])
  }

  @Test func tellsOnceThatAllIsWellAgain() {
    var alarms = ReplicationAlarms()
    _ = alarms.alarms(on: figures(parked: 2), targets: [eu])
    #expect(alarms.alarms(on: figures(parked: 1), targets: [eu]).isEmpty)
    #expect(alarms.alarms(on: figures(parked: 2), targets: [eu]) == [Alarm(subject: .parked(eu), count: 2, before: 1)])
    let cleared = alarms.alarms(on: figures(), targets: [eu])
    #expect(cleared == [Alarm(subject: .parked(eu), count: 0, before: 2)] && cleared.allSatisfy(\.isCleared))
    #expect(alarms.alarms(on: figures(), targets: [eu]).isEmpty)
  }

  @Test func blobsAtRiskForAMomentAreOrdinary() {
    var alarms = ReplicationAlarms(patience: 3)
    for atRisk: Int64 in [5, 7, 0, 9, 9] { #expect(alarms.alarms(on: figures(atRisk: atRisk), targets: [eu]).isEmpty) }
    #expect(alarms.alarms(on: figures(atRisk: 100), targets: [eu]) == [Alarm(subject: .atRisk, count: 100, before: 0)])
    for atRisk: Int64 in [90, 109, 101] { #expect(alarms.alarms(on: figures(atRisk: atRisk), targets: [eu]).isEmpty) }
    #expect(
      alarms.alarms(on: figures(atRisk: 110), targets: [eu]) == [Alarm(subject: .atRisk, count: 110, before: 100)])
    #expect(alarms.alarms(on: figures(atRisk: 0), targets: [eu]) == [Alarm(subject: .atRisk, count: 0, before: 110)])
    #expect(alarms.alarms(on: figures(atRisk: 1), targets: [eu]).isEmpty)
  }
}
