import Testing

@testable import HTTPTransport

/// The pure parts, with a clock of the test's own.
@Suite struct StateMachineTests {
  @Test func stallNeedsTheWholeGrace() {
    var detector = StallDetector(limitBytesPerSecond: 1000, grace: .seconds(3))
    let start = ContinuousClock.now
    var bytes: Int64 = 0
    let results = (0..<8).map { second -> Bool in
      if second == 2 { bytes += 5000 }
      return detector.observe(at: start + .seconds(second), bytes: bytes, isExempt: false)
    }
    #expect(results == [false, false, false, false, false, true, true, true])
  }

  @Test func stallLeavesOutOurOwnPauses() {
    var detector = StallDetector(limitBytesPerSecond: 1000, grace: .seconds(3))
    let start = ContinuousClock.now
    let results = (0..<12).map { second in
      detector.observe(at: start + .seconds(second), bytes: 0, isExempt: second == 2 || second == 4 || second == 6)
    }
    #expect(results.firstIndex(of: true) == 9)
  }

  @Test func stallCanBeOff() {
    var detector = StallDetector(limitBytesPerSecond: 0, grace: .seconds(1))
    let start = ContinuousClock.now
    let results = (0..<10).map { detector.observe(at: start + .seconds($0), bytes: 0, isExempt: false) }
    #expect(!results.contains(true))
  }

  @Test func admissionIsFairPerOrigin() throws {
    let a = try HTTPOrigin(url: "http://a/", schemes: ["http"])
    let b = try HTTPOrigin(url: "http://b/", schemes: ["http"])
    let ids = (0..<8).map { _ in Shared(0) }
    func id(_ index: Int) -> ObjectIdentifier { ObjectIdentifier(ids[index]) }
    var queue = AdmissionQueue<Int>(maxPerOrigin: 1, maxActive: 2, maxWaiting: 3)
    let decisions = [a, a, b, b, b, b].enumerated().map { queue.submit($0, id: id($0), origin: $1) }
    #expect(decisions == [.start, .wait, .start, .wait, .wait, .refused])
    let afterB = queue.release(b)
    let withdrawals = [queue.withdraw(id(4)), queue.withdraw(id(4))]
    let rest = [queue.release(b), queue.release(a), queue.release(a)]
    #expect(afterB == 3)
    #expect(withdrawals == [true, false])
    #expect(rest == [nil, 1, nil])
    #expect(queue.active == 0 && queue.waiting == 0)
  }

  @Test func uploadBufferEndsOnlyWhenComplete() throws {
    var target = [UInt8](repeating: 0, count: 8)
    func read(_ buffer: UploadBuffer) -> UploadBuffer.Reading {
      target.withUnsafeMutableBytes { buffer.read(into: $0) }
    }
    let broken = UploadBuffer(declaredLength: nil, windowBytes: 100)
    #expect(read(broken) == .starved)
    #expect(try broken.append([1, 2]))
    #expect(try !broken.append([3]))
    #expect(read(broken) == .bytes(3))
    broken.close(.cancelled)
    #expect(read(broken) == .broken)
    #expect(throws: HTTPTransportError.cancelled) { try broken.append([1]) }

    let answered = UploadBuffer(declaredLength: nil, windowBytes: 100)
    answered.close(.responseArrivedEarly)
    #expect(read(answered) == .end)

    let whole = UploadBuffer(declaredLength: 3, windowBytes: 100)
    _ = try whole.append([1, 2, 3])
    _ = try whole.finish()
    #expect(read(whole) == .bytes(3))
    #expect(read(whole) == .end)
    #expect(whole.rewind())
    #expect(read(whole) == .bytes(3))
    #expect(target.prefix(3) == [1, 2, 3])
  }

  @Test func uploadBufferReplaysOnlyItsFirstWindow() throws {
    var target = [UInt8](repeating: 0, count: 64)
    func read(_ buffer: UploadBuffer) -> UploadBuffer.Reading {
      target.withUnsafeMutableBytes { buffer.read(into: $0) }
    }
    let buffer = UploadBuffer(declaredLength: nil, windowBytes: 100)
    for _ in 0..<3 { _ = try buffer.append([UInt8](repeating: 1, count: 50)) }
    #expect(read(buffer) == .bytes(64))
    #expect(buffer.rewind())
    #expect(read(buffer) == .bytes(64))
    #expect(read(buffer) == .bytes(64))
    #expect(!buffer.rewind())
    #expect(read(buffer) == .bytes(22))
    #expect(read(buffer) == .starved)
  }

  @Test func headParserHandlesFoldsAndInterims() {
    var parser = ResponseHeadParser(maxBytes: 1000, maxLines: 10)
    let lines = [
      "HTTP/1.1 100 Continue", "A: 0", "", "HTTP/2 200", "A:  1", "\t two ", "B:", "", "Trailer: x", "",
    ]
    let events = lines.map { line in Array("\(line)\r\n".utf8).withUnsafeBytes { parser.consume($0) } }
    #expect(events.map { $0 == .headComplete }.firstIndex(of: true) == 7)
    #expect(events.allSatisfy { $0 == .more || $0 == .headComplete })
    #expect(parser.status == 200)
    #expect(parser.fields["a"] == "1 two")
    #expect(parser.fields["b"] == "")
    #expect(parser.fields.count == 2)
  }

  @Test func contentLengthIsDigitsOnly() {
    let timings = HTTPTransferTimings(
      nameLookup: .zero, connect: .zero, tls: .zero, firstByte: .zero, newConnections: 0)
    for (value, expected) in [
      ("12", Int64(12)), ("-1", nil), ("+1", nil), ("99999999999999999999", nil), ("1, 1", nil),
    ] {
      var fields = HTTPHeaderFields()
      fields.append(name: "Content-Length", value: value)
      #expect(TransferHead(status: 200, headers: fields, timings: timings).contentLength == expected)
    }
  }
}
