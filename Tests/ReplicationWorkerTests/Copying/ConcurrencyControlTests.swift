import Testing

@testable import ReplicationWorker

@Suite("Concurrency grows while it pays and gives way to trouble")
struct ConcurrencyControlTests {
  /// A link of so many bytes a second, of which each transfer gets at most a share; time is simulated.
  private struct Link {
    var control: ConcurrencyControl
    var now = ContinuousClock.now
    let capacity: Double
    let perTransfer: Double

    init(capacity: Double, perTransfer: Double, limits: ConcurrencyControl.Limits = .init()) {
      control = ConcurrencyControl(limits: limits)
      self.capacity = capacity
      self.perTransfer = perTransfer
    }

    /// Lets the link run, with all slots in use or fewer.
    mutating func run(_ duration: Duration, using slots: Int? = nil) {
      let tick = Duration.milliseconds(10)
      let end = now + duration
      while now < end {
        now += tick
        let used = min(slots ?? control.limit, control.limit)
        let bytes = min(capacity, perTransfer * Double(used)) * 0.01
        control.transferred(Int64(bytes), isSaturated: used >= control.limit, at: now)
      }
    }
  }

  @Test func startsSmall() {
    #expect(ConcurrencyControl().limit == 8)
    #expect(ConcurrencyControl(limits: .init(minimum: 8, initial: 4)).limit == 8)
    #expect(ConcurrencyControl(limits: .init(initial: 40)).limit == 16)
  }

  @Test func growsToTheMostWhereEveryTransferAddsItsShare() {
    var link = Link(capacity: 1e9, perTransfer: 1e6)
    link.run(.seconds(5))
    #expect(link.control.limit == 16)
  }

  @Test func staysWhereMoreBringsNothing() {
    var link = Link(capacity: 4e6, perTransfer: 2e6)
    link.run(.seconds(3))
    #expect(link.control.limit == 8)
    link.run(.seconds(60))
    #expect(link.control.limit <= 10)
  }

  @Test func findsTheKnee() {
    var link = Link(capacity: 9e6, perTransfer: 1e6)
    link.run(.seconds(6))
    #expect((9...13).contains(link.control.limit))
  }

  @Test func isNearTheCapacityWithinSeconds() {
    var link = Link(capacity: 50e6, perTransfer: 5e6)
    link.run(.seconds(3))
    #expect(Double(link.control.limit) * 5e6 >= 50e6)
  }

  @Test func oneTroubleIsOneReduction() {
    var link = Link(capacity: 1e9, perTransfer: 1e6)
    link.run(.seconds(5))
    for _ in 0..<16 { link.control.failed(at: link.now) }
    #expect(link.control.limit == 8)
    link.now += .seconds(2)
    link.control.failed(at: link.now)
    #expect(link.control.limit == 4)
  }

  @Test func neverBelowTheLeastAndBackUpAfterwards() {
    var link = Link(capacity: 1e9, perTransfer: 1e6)
    for _ in 0..<10 {
      link.now += .seconds(2)
      link.control.failed(at: link.now)
    }
    #expect(link.control.limit == 2)
    link.run(.seconds(30))
    #expect(link.control.limit == 16)
  }

  @Test func anEpochThatWasNotFullSaysNothing() {
    var link = Link(capacity: 1e9, perTransfer: 1e6)
    link.run(.seconds(30), using: 3)
    #expect(link.control.limit == 8)
  }

  @Test func aPauseBeginsTheMeasurementAnew() {
    var link = Link(capacity: 1e9, perTransfer: 1e6)
    link.run(.milliseconds(600))
    link.now += .seconds(3600)
    // Averaged over the pause the throughput would look like nothing.
    link.run(.seconds(5))
    #expect(link.control.limit == 16)
  }

  @Test func aLinkThatBecameWiderIsFoundOut() {
    var narrow = Link(capacity: 4e6, perTransfer: 1e6)
    narrow.run(.seconds(10))
    #expect(narrow.control.limit <= 10)
    var wide = Link(capacity: 1e9, perTransfer: 1e6)
    wide.control = narrow.control
    wide.now = narrow.now
    wide.run(.seconds(30))
    #expect(wide.control.limit == 16)
  }
}
