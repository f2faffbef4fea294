import Testing

@testable import ReplicationWorker

@Suite("Slots bound how many jobs run at once (I12)")
struct JobSlotsTests {
  @Test func grantsAtMostWhatIsFree() async {
    let slots = JobSlots(count: 3)
    #expect(await slots.take(upTo: 2) == 2)
    #expect(await slots.take(upTo: 64) == 1)
    #expect(slots.free == 0)
    slots.giveBack(3)
    #expect(slots.free == 3)
  }

  @Test func aWaiterGetsWhatIsGivenBack() async {
    let slots = JobSlots(count: 1)
    #expect(await slots.take(upTo: 1) == 1)
    async let waiting = slots.take(upTo: 5)
    slots.giveBack(1)
    #expect(await waiting == 1)
    #expect(slots.free == 0)
  }

  @Test func aCancelledWaiterGetsNothingAndLosesNothing() async {
    let slots = JobSlots(count: 1)
    #expect(await slots.take(upTo: 1) == 1)
    let waiting = Task { await slots.take(upTo: 1) }
    waiting.cancel()
    #expect(await waiting.value == 0)
    slots.giveBack(1)
    #expect(slots.free == 1)
  }

  @Test func neverMoreAreOutThanThereAre() async {
    let slots = JobSlots(count: 4)
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<200 {
        group.addTask {
          let granted = await slots.take(upTo: 3)
          slots.giveBack(granted)
          return granted
        }
      }
      for await granted in group { #expect((1...3).contains(granted)) }
    }
    #expect(slots.free == 4)
  }
}
