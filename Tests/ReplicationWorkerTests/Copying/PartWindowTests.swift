import Shared
import Testing

@testable import ReplicationWorker

@Suite("The window of a copy in parts: order, bound and checkpoints")
struct PartWindowTests {
  /// The window under test; a class, so that its changes can be made inside an expectation.
  private final class Subject {
    private var value: PartWindow
    init(_ value: PartWindow) { self.value = value }

    var hasher: ContentHasher { value.hasher }
    var parts: [UploadedPart] { value.parts }
    var isFinished: Bool { value.isFinished }
    func admitNext() -> CopyPart? { value.admitNext() }
    func beginFetching(_ number: Int) { value.beginFetching(number) }
    func fetched(_ number: Int) { value.fetched(number) }
    func hashNext() -> Int? { value.hashNext() }
    func hashed(_ number: Int, _ hasher: ContentHasher) -> Bool { value.hashed(number, hasher) }
    func confirmed(_ part: UploadedPart) -> Bool { value.confirmed(part) }
    func saveNext() -> PartWindow.SavePoint? { value.saveNext() }
    func endSave(succeeded: Bool) { value.endSave(succeeded: succeeded) }
  }

  private func window(parts: Int, limit: Int, last: Int64 = 10) throws -> Subject {
    let window = PartWindow(
      totalBytes: Int64(parts - 1) * 10 + last, partBytes: 10, limit: limit, hasher: ContentHasher())
    return Subject(try #require(window))
  }

  private func part(_ number: Int, _ size: Int64 = 10) -> UploadedPart {
    UploadedPart(number: number, sizeBytes: size, tag: "t\(number)")
  }

  private func hash(_ hasher: ContentHasher, _ count: Int) -> ContentHasher {
    var hasher = hasher
    hasher.update([UInt8](repeating: 7, count: count))
    return hasher
  }

  @Test func coversEveryByteOnce() throws {
    let window = try window(parts: 3, limit: 8, last: 4)
    var ranges: [ByteRange] = []
    while let part = window.admitNext() {
      ranges.append(part.range)
      window.beginFetching(part.number)
    }
    #expect(ranges.map(\.description) == ["0-9", "10-19", "20-23"])
  }

  @Test func admitsOneAtATimeAndNoMoreThanTheWindow() throws {
    let window = try window(parts: 9, limit: 3)
    #expect(window.admitNext()?.number == 1)
    #expect(window.admitNext() == nil)
    for number in 2...3 {
      window.beginFetching(number - 1)
      #expect(window.admitNext()?.number == number)
    }
    window.beginFetching(3)
    #expect(window.admitNext() == nil)
    // Parts that are done but in no checkpoint still count: a successor would read them again.
    for number in 1...3 {
      window.fetched(number)
      let next = try #require(window.hashNext())
      _ = window.hashed(next, hash(window.hasher, 10))
      #expect(window.confirmed(part(number)))
    }
    #expect(window.admitNext() == nil)
    #expect(window.saveNext()?.offsetBytes == 30)
    #expect(window.admitNext() == nil)
    window.endSave(succeeded: true)
    #expect(window.admitNext()?.number == 4)
  }

  @Test func hashesInOrderWhateverOrderPartsArriveIn() throws {
    let window = try window(parts: 3, limit: 3)
    for _ in 1...3 { if let part = window.admitNext() { window.beginFetching(part.number) } }
    window.fetched(3)
    #expect(window.hashNext() == nil)
    window.fetched(1)
    #expect(window.hashNext() == 1)
    window.fetched(2)
    #expect(window.hashNext() == nil)
    #expect(!window.hashed(1, hash(window.hasher, 10)))
    #expect(window.hashNext() == 2)
    #expect(!window.hashed(3, hash(window.hasher, 10)))
    #expect(!window.hashed(2, hash(window.hasher, 10)))
    #expect(window.hashNext() == 3)
  }

  @Test func aPartIsLetGoOnceHashedAndConfirmedInEitherOrder() throws {
    let window = try window(parts: 2, limit: 2)
    for _ in 1...2 { if let part = window.admitNext() { window.beginFetching(part.number) } }
    window.fetched(2)
    #expect(!window.confirmed(part(2)))
    window.fetched(1)
    _ = window.hashNext()
    #expect(!window.hashed(1, hash(window.hasher, 10)))
    #expect(window.saveNext() == nil)
    #expect(window.confirmed(part(1)))
    _ = window.hashNext()
    #expect(window.hashed(2, hash(window.hasher, 10)))
    #expect(window.parts.map(\.number) == [1, 2])
  }

  @Test func savesTheGaplessBeginningWithItsOwnHashOneAtATime() throws {
    let window = try window(parts: 3, limit: 3)
    for _ in 1...3 { if let part = window.admitNext() { window.beginFetching(part.number) } }
    for number in 1...3 {
      window.fetched(number)
      _ = window.hashNext()
      _ = window.hashed(number, hash(window.hasher, 10))
    }
    _ = window.confirmed(part(3))
    #expect(window.saveNext() == nil)
    _ = window.confirmed(part(1))
    let first = try #require(window.saveNext())
    #expect(first.parts.map(\.number) == [1] && first.offsetBytes == 10)
    #expect(first.hasher.digest() == hash(ContentHasher(), 10).digest())
    _ = window.confirmed(part(2))
    #expect(window.saveNext() == nil)
    window.endSave(succeeded: true)
    let second = try #require(window.saveNext())
    #expect(second.parts.map(\.number) == [2, 3] && second.offsetBytes == 30)
    #expect(!window.isFinished)
    window.endSave(succeeded: true)
    #expect(window.isFinished)
  }

  @Test func aFailedSaveIsMadeUpForAndHoldsNothingUp() throws {
    let window = try window(parts: 4, limit: 1)
    func move(_ number: Int) {
      #expect(window.admitNext()?.number == number)
      window.beginFetching(number)
      window.fetched(number)
      _ = window.hashNext()
      _ = window.hashed(number, hash(window.hasher, 10))
      _ = window.confirmed(part(number))
    }
    move(1)
    #expect(window.saveNext()?.parts.map(\.number) == [1])
    window.endSave(succeeded: false)
    // Not at once again: the database is away.
    #expect(window.saveNext() == nil)
    move(2)
    #expect(window.saveNext()?.parts.map(\.number) == [1, 2])
    window.endSave(succeeded: true)
    move(3)
    #expect(window.saveNext()?.parts.map(\.number) == [3])
  }

  @Test func goesOnAfterACheckpoint() throws {
    let hasher = hash(ContentHasher(), 20)
    let resumed = PartWindow(totalBytes: 35, partBytes: 10, limit: 4, confirmed: [part(1), part(2)], hasher: hasher)
    let window = Subject(try #require(resumed))
    #expect(window.admitNext()?.range.description == "20-29")
    #expect(window.parts.count == 2 && !window.isFinished)
  }

  @Test func aCheckpointOfEverythingIsFinished() throws {
    let window = PartWindow(
      totalBytes: 15, partBytes: 10, limit: 4, confirmed: [part(1), part(2, 5)], hasher: hash(ContentHasher(), 15))
    #expect(window?.isFinished == true && window?.isHashed == true)
  }

  @Test func refusesCheckpointsThatContradictThemselves() {
    let full = hash(ContentHasher(), 10)
    func make(_ parts: [UploadedPart], _ hasher: ContentHasher, total: Int64 = 35, partBytes: Int64 = 10) -> PartWindow?
    {
      PartWindow(totalBytes: total, partBytes: partBytes, limit: 4, confirmed: parts, hasher: hasher)
    }
    #expect(make([part(1)], full) != nil)
    #expect(make([part(2)], full) == nil)
    #expect(make([part(1, 9)], full) == nil)
    #expect(make([part(1)], ContentHasher()) == nil)
    #expect(make([], full) == nil)
    #expect(make([part(1)], full, total: 0) == nil)
    #expect(make([part(1)], full, partBytes: 0) == nil)
    #expect(make([part(1)], full, partBytes: .max) == nil)
    #expect(make([part(1), part(2), part(3), part(4), part(5)], full) == nil)
  }
}
