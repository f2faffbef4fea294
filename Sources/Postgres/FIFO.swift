/// A first-in, first-out queue with amortised constant-time ends.
struct FIFO<Element> {
  private var storage: [Element?] = []
  private var head = 0

  var count: Int { storage.count - head }
  var isEmpty: Bool { count == 0 }

  /// The oldest element.
  var first: Element? { isEmpty ? nil : storage[head] }

  mutating func append(_ element: Element) {
    storage.append(element)
  }

  /// Removes and returns the oldest element, nil if there is none.
  mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    let element = storage[head]
    storage[head] = nil
    head += 1
    if head == storage.count {
      storage.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= 64, head * 2 >= storage.count {
      storage.removeFirst(head)
      head = 0
    }
    return element
  }

  /// Visits every element, oldest first.
  func forEach(_ body: (Element) -> Void) {
    for case let element? in storage[head...] { body(element) }
  }

  /// Puts elements before the oldest one, keeping their order.
  mutating func prepend(_ elements: [Element]) {
    storage = elements.map(Optional.some) + storage[head...]
    head = 0
  }

  /// Removes and returns every element for which `isUnwanted` holds.
  mutating func extract(where isUnwanted: (Element) -> Bool) -> [Element] {
    let all = storage[head...].compactMap { $0 }
    let taken = all.filter(isUnwanted)
    guard !taken.isEmpty else { return [] }
    storage = all.filter { !isUnwanted($0) }
    head = 0
    return taken
  }

  /// Removes and returns everything.
  mutating func removeAll() -> [Element] {
    let all = storage[head...].compactMap { $0 }
    storage = []
    head = 0
    return all
  }
}
