/// Turns the header lines libcurl hands over into a response head.
///
/// A pure state machine: one call per line, interim (1xx) heads are dropped, lines after the final head are trailers
/// and are only counted.
struct ResponseHeadParser {
  /// What a line led to.
  enum Event: Equatable {
    case more
    /// The final head is complete: `status` and `fields` hold it.
    case headComplete
    case failed(HTTPTransportError)
  }

  private(set) var status = 0
  private(set) var fields = HTTPHeaderFields()
  private(set) var isComplete = false
  private var bytesSeen = 0
  private var linesSeen = 0
  private let maxBytes: Int
  private let maxLines: Int

  /// A parser that fails with `.tooLarge` over either bound.
  init(maxBytes: Int, maxLines: Int) {
    self.maxBytes = maxBytes
    self.maxLines = maxLines
  }

  /// Takes one line, its line end included.
  mutating func consume(_ line: UnsafeRawBufferPointer) -> Event {
    bytesSeen += line.count
    guard bytesSeen <= maxBytes else { return .failed(.tooLarge(limit: maxBytes)) }
    var text = line[...]
    while let last = text.last, last == 0x0A || last == 0x0D { text.removeLast() }

    if !isComplete, text.starts(with: "HTTP/".utf8) { return startHead(text) }
    if text.isEmpty { return isComplete ? .more : endHead() }
    linesSeen += 1
    guard linesSeen <= maxLines else { return .failed(.tooLarge(limit: maxLines)) }
    guard !isComplete else { return .more }
    return field(text)
  }

  private mutating func startHead(_ text: Slice<UnsafeRawBufferPointer>) -> Event {
    let parts = text.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: true)
    guard parts.count >= 2, parts[1].count == 3,
      let code = Int(String(decoding: parts[1], as: UTF8.self)), (100...999).contains(code)
    else { return .failed(.protocolError) }
    status = code
    fields = HTTPHeaderFields()
    return .more
  }

  private mutating func endHead() -> Event {
    guard status >= 100 else { return .failed(.protocolError) }
    // An interim head; 101 would end HTTP on this connection, and we never ask for it.
    guard status >= 200 else { return status == 101 ? .failed(.protocolError) : .more }
    isComplete = true
    return .headComplete
  }

  private mutating func field(_ text: Slice<UnsafeRawBufferPointer>) -> Event {
    guard status >= 100 else { return .failed(.protocolError) }
    if let first = text.first, first == 0x20 || first == 0x09 {
      fields.extendLast(with: Self.trimmed(text))
      return .more
    }
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > text.startIndex else {
      return .failed(.protocolError)
    }
    fields.append(
      name: Self.trimmed(text[..<colon]), value: Self.trimmed(text[text.index(after: colon)...]))
    return .more
  }

  private static func trimmed(_ text: Slice<UnsafeRawBufferPointer>) -> String {
    var text = text
    while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
    while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
    return String(decoding: text, as: UTF8.self)
  }
}
