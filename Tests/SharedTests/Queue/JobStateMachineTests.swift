import Shared
import Testing

@Suite("Job state machine")
struct JobStateMachineTests {
  private typealias Event = JobStateMachine.Event

  @Test("a job due is leased, an expired lease is leased again, nothing else is")
  func claims() {
    for state in JobState.allCases {
      let due = JobStateMachine.next(state, on: .claimed(isDue: true, leaseExpired: false))
      #expect(due == (state == .queued ? .leased : nil))
      let expired = JobStateMachine.next(state, on: .claimed(isDue: false, leaseExpired: true))
      #expect(expired == (state == .leased ? .leased : nil))
      #expect(JobStateMachine.next(state, on: .claimed(isDue: false, leaseExpired: false)) == nil)
    }
  }

  @Test("a job that five rescues did not bring forward is parked when its lease expires again")
  func poison() {
    let poison = Event.claimed(isDue: true, leaseExpired: true, rescues: JobStateMachine.maximumRescues)
    #expect(JobStateMachine.next(.leased, on: poison) == .parked)
    #expect(JobStateMachine.next(.queued, on: poison) == .leased)
    let rescued = Event.claimed(isDue: false, leaseExpired: true, rescues: JobStateMachine.maximumRescues - 1)
    #expect(JobStateMachine.next(.leased, on: rescued) == .leased)
  }

  @Test("no report without the lease changes anything, in any state (I9)")
  func zombies() {
    let events: [Event] = [
      .completed(holdsLease: false), .failed(.park, holdsLease: false), .failed(.sourceLost, holdsLease: false),
      .failed(.retry(after: .zero), holdsLease: false), .released(holdsLease: false),
    ]
    for state in JobState.allCases { for event in events { #expect(JobStateMachine.next(state, on: event) == nil) } }
  }

  @Test("the holder's report decides the state")
  func reports() {
    #expect(JobStateMachine.next(.leased, on: .completed(holdsLease: true)) == .done)
    #expect(JobStateMachine.next(.leased, on: .failed(.retry(after: .seconds(1)), holdsLease: true)) == .queued)
    #expect(JobStateMachine.next(.leased, on: .failed(.park, holdsLease: true)) == .parked)
    #expect(JobStateMachine.next(.leased, on: .failed(.sourceLost, holdsLease: true)) == .sourceLost)
    #expect(JobStateMachine.next(.leased, on: .released(holdsLease: true)) == .queued)
    for state in JobState.allCases where state != .leased {
      #expect(JobStateMachine.next(state, on: .completed(holdsLease: true)) == nil)
    }
  }

  @Test("a push opens every job that rests and leaves a leased one; no state is a dead end")
  func reopens() {
    for state in JobState.allCases {
      #expect(JobStateMachine.next(state, on: .reopened) == (state == .leased ? nil : .queued))
    }
  }

  @Test("the backoff grows, keeps its cap, respects the store's wish and spreads")
  func backoff() {
    let policy = RetryPolicy()
    #expect(
      (1...12).map { policy.ceiling(attempt: $0) }
        == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map { .seconds($0) })
    #expect(policy.ceiling(attempt: Int.max) == .seconds(300))
    #expect(policy.ceiling(attempt: 0) == .seconds(1))
    var generator = Steps(state: 42)
    let delays = (0..<200).map { _ in policy.delay(attempt: 5, using: &generator) }
    #expect(delays.allSatisfy { (.zero...Duration.seconds(16)).contains($0) })
    #expect(Set(delays).count > 100)
    #expect(policy.delay(attempt: 1, retryAfter: .seconds(90), using: &generator) == .seconds(90))
    #expect(policy.delay(attempt: 1, retryAfter: .seconds(9000), using: &generator) == .seconds(300))
  }

  @Test("a policy that parks does so from its number of failures on; the default never does")
  func parks() {
    var generator = Steps(state: 1)
    let policy = RetryPolicy(parkAfterAttempts: 3)
    #expect(policy.verdict(attempt: 3, using: &generator) == .park)
    guard case .retry = policy.verdict(attempt: 2, using: &generator) else {
      Issue.record("parked too early")
      return
    }
    guard case .retry = RetryPolicy().verdict(attempt: 1_000_000, using: &generator) else {
      Issue.record("the default policy gave up")
      return
    }
  }

  /// A reproducible source of numbers (SplitMix64).
  private struct Steps: RandomNumberGenerator {
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
