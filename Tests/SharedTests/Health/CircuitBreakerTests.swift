import Shared
import Testing

@Suite("A circuit breaker stops calls to a failing service and tries it again with one")
struct CircuitBreakerTests {
  private let start = ContinuousClock.now
  private var limits: CircuitBreaker.Limits {
    var limits = CircuitBreaker.Limits()
    limits.jitter = 0
    return limits
  }

  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  private func fail(_ breaker: inout CircuitBreaker, _ seconds: Double, retryAfter: Duration? = nil) {
    var generator = SystemRandomNumberGenerator()
    breaker.recordFailure(retryAfter: retryAfter, at: at(seconds), using: &generator)
  }

  private func admits(_ breaker: inout CircuitBreaker, _ seconds: Double) -> Bool { breaker.admits(at: at(seconds)) }

  private func opened(retryAfter: Duration? = nil) -> CircuitBreaker {
    var breaker = CircuitBreaker(limits: limits)
    for _ in 0..<limits.consecutiveFailures { fail(&breaker, 0, retryAfter: retryAfter) }
    return breaker
  }

  @Test func opensAfterThatManyFailuresInARowAndASuccessStartsTheCountAgain() {
    var breaker = CircuitBreaker(limits: limits)
    for _ in 0..<4 { fail(&breaker, 0) }
    breaker.recordSuccess(at: at(0))
    for _ in 0..<4 { fail(&breaker, 0) }
    #expect(admits(&breaker, 0))
    fail(&breaker, 0)
    #expect(breaker.state(at: at(0)) == .open(remaining: .seconds(1)))
    #expect(!admits(&breaker, 0.9))
  }

  @Test func opensWhenHalfOfManyCallsFailAndForgetsWhatIsOlderThanTheWindow() {
    var breaker = CircuitBreaker(limits: limits)
    for step in 0..<9 {
      breaker.recordSuccess(at: at(Double(step)))
      fail(&breaker, Double(step))
    }
    #expect(breaker.state(at: at(9)) == .closed, "18 calls are too few to judge by")
    var later = breaker
    breaker.recordSuccess(at: at(9))
    fail(&breaker, 9)
    #expect(breaker.state(at: at(9)) == .open(remaining: .seconds(1)))
    later.recordSuccess(at: at(60))
    fail(&later, 60)
    #expect(later.state(at: at(60)) == .closed)
  }

  @Test func oneProbeIsLetThroughAndItsSuccessClosesTheBreaker() {
    var breaker = opened()
    #expect(breaker.state(at: at(1)) == .halfOpen(isProbeUnderWay: false))
    let first = breaker.admits(at: at(1))
    let second = breaker.admits(at: at(1.5))
    #expect(first && !second)
    #expect(breaker.state(at: at(1.5)) == .halfOpen(isProbeUnderWay: true))
    breaker.recordSuccess(at: at(2))
    #expect(breaker.state(at: at(2)) == .closed)
  }

  @Test func everyFailedProbeDoublesTheOpenTimeUpToTheCap() {
    var breaker = opened()
    var now = 0.0
    for expected in [2.0, 4, 8, 15, 15] {
      guard case .open(let remaining) = breaker.state(at: at(now)) else {
        Issue.record("it is not open at \(now)")
        return
      }
      now += remaining / .seconds(1)
      #expect(admits(&breaker, now))
      fail(&breaker, now)
      #expect(breaker.state(at: at(now)) == .open(remaining: .seconds(expected)))
    }
  }

  @Test func aServiceThatFailsAgainSoonIsLeftAloneLongerAndOneThatWasWellForAWindowIsNot() {
    var soon = opened()
    _ = soon.admits(at: at(1))
    soon.recordSuccess(at: at(1))
    var late = soon
    for _ in 0..<5 { fail(&soon, 2) }
    #expect(soon.state(at: at(2)) == .open(remaining: .seconds(2)))
    late.recordSuccess(at: at(40))
    for _ in 0..<5 { fail(&late, 41) }
    #expect(late.state(at: at(41)) == .open(remaining: .seconds(1)))
  }

  @Test func whatTheServiceAsksForIsTheLeastItGetsWithinReason() {
    #expect(opened(retryAfter: .seconds(30)).state(at: start) == .open(remaining: .seconds(30)))
    #expect(opened(retryAfter: .milliseconds(1)).state(at: start) == .open(remaining: .seconds(1)))
    #expect(opened(retryAfter: .seconds(86_400)).state(at: start) == .open(remaining: .seconds(300)))
  }

  @Test func lateReportsOfCallsFromBeforeChangeNothingWhileItIsOpen() {
    var breaker = opened()
    fail(&breaker, 0.5)
    breaker.recordSuccess(at: at(0.6))
    #expect(breaker.state(at: at(0.6)) == .open(remaining: .milliseconds(400)))
  }

  @Test func aProbeThatSaysNothingMakesRoomForAnother() {
    var given = opened()
    _ = given.admits(at: at(1))
    given.giveUpProbe()
    #expect(admits(&given, 1))
    var silent = opened()
    _ = silent.admits(at: at(1))
    #expect(!admits(&silent, 60.9))
    #expect(admits(&silent, 61))
  }

  @Test func jitterStaysWithinItsShare() {
    var jittered = limits
    jittered.jitter = 0.2
    for _ in 0..<200 {
      var breaker = CircuitBreaker(limits: jittered)
      for _ in 0..<5 { fail(&breaker, 0) }
      guard case .open(let remaining) = breaker.state(at: start) else {
        Issue.record("it is not open")
        return
      }
      #expect(remaining >= .milliseconds(800) && remaining <= .milliseconds(1200))
    }
  }

  /// Whatever happens in whatever order: closed lets through, open never does, half-open lets one through at a time, and
  /// an open breaker always comes to be tried again.
  @Test(arguments: 0..<200) func theRulesHoldInAnyOrderOfEvents(seed: UInt64) {
    var random = Sequence(state: seed)
    var breaker = CircuitBreaker()
    var now = start
    for _ in 0..<400 {
      now += .milliseconds(Int.random(in: 0...2_000, using: &random))
      let before = breaker.state(at: now)
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<3: breaker.recordSuccess(at: now)
      case 3..<7:
        let asked: Duration? = Bool.random(using: &random) ? .seconds(Int.random(in: 0...600, using: &random)) : nil
        breaker.recordFailure(retryAfter: asked, at: now, using: &random)
      case 7: breaker.giveUpProbe()
      default:
        let admitted = breaker.admits(at: now)
        switch before {
        case .closed: #expect(admitted)
        case .open: #expect(!admitted)
        case .halfOpen(let isProbeUnderWay):
          #expect(admitted == !isProbeUnderWay)
          let another = breaker.admits(at: now)
          #expect(!another)
        }
      }
      let after = breaker.state(at: now)
      if case .open(let remaining) = after {
        #expect(remaining > .zero && remaining <= .seconds(300))
        if case .open(let earlier) = before { #expect(remaining == earlier, "an open breaker only waits") }
        #expect(breaker.state(at: now + remaining) == .halfOpen(isProbeUnderWay: false))
      }
      if before == .closed, case .halfOpen = after { Issue.record("closed does not become half-open") }
    }
  }

  /// SplitMix64 (Steele, Lea and Flood, 2014), so that a failing seed fails again.
  private struct Sequence: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }
  }
}
