import Shared
import Testing

@Suite("Hysteresis turns single results into a steady status")
struct HysteresisTests {
  private let thresholds = Hysteresis.Thresholds(rise: 2, fall: 3)

  @Test func isUnknownUntilTheFirstLookAndThenBelievesIt() {
    var healthy = Hysteresis(thresholds: thresholds)
    #expect(healthy.status == .unknown)
    let changed = healthy.record(success: true)
    #expect(changed && healthy.status == .pass)
    var failing = Hysteresis(thresholds: thresholds)
    _ = failing.record(success: false)
    #expect(failing.status == .fail)
  }

  @Test func fallsOnlyAfterThatManyFailuresInARow() {
    var hysteresis = Hysteresis(thresholds: thresholds)
    _ = hysteresis.record(success: true)
    let results = [false, false, true, false, false, false].map { success in
      _ = hysteresis.record(success: success)
      return hysteresis.status
    }
    #expect(results == [.pass, .pass, .pass, .pass, .pass, .fail])
  }

  @Test func risesOnlyAfterThatManySuccessesInARow() {
    var hysteresis = Hysteresis(thresholds: thresholds)
    _ = hysteresis.record(success: false)
    let results = [true, false, true, true].map { success in
      _ = hysteresis.record(success: success)
      return hysteresis.status
    }
    #expect(results == [.fail, .fail, .fail, .pass])
  }

  @Test func reportsAChangeExactlyOnce() {
    var hysteresis = Hysteresis(thresholds: .init(rise: 1, fall: 1))
    let changes = [true, true, false, false, true].map { success in hysteresis.record(success: success) }
    #expect(changes == [true, false, true, false, true])
  }

  @Test func thresholdsAreAtLeastOne() {
    #expect(Hysteresis.Thresholds(rise: 0, fall: -3) == Hysteresis.Thresholds(rise: 1, fall: 1))
  }
}
