/// Decides which transfers may hold a connection slot, first come first served per origin.
///
/// A pure structure. It stands in front of libcurl's own limits because libcurl's pending list wakes one handle per
/// freed connection whatever its host: a full host could keep another host's request waiting.
struct AdmissionQueue<Item: Sendable>: Sendable {
  /// What became of an item.
  enum Decision: Equatable {
    case start
    case wait
    case refused
  }

  private let maxPerOrigin: Int
  private let maxActive: Int
  private let maxWaiting: Int
  private var activePerOrigin: [HTTPOrigin: Int] = [:]
  private(set) var active = 0
  private var waitingItems: [(id: ObjectIdentifier, origin: HTTPOrigin, item: Item)] = []

  /// An empty queue with the given bounds.
  init(maxPerOrigin: Int, maxActive: Int, maxWaiting: Int) {
    self.maxPerOrigin = maxPerOrigin
    self.maxActive = maxActive
    self.maxWaiting = maxWaiting
  }

  /// Number of items without a slot.
  var waiting: Int { waitingItems.count }

  /// Items without a slot, oldest first.
  var waitingInOrder: [Item] { waitingItems.map(\.item) }

  /// Takes a slot, or a place in the queue, or neither.
  mutating func submit(_ item: Item, id: ObjectIdentifier, origin: HTTPOrigin) -> Decision {
    if hasRoom(for: origin) {
      occupy(origin)
      return .start
    }
    guard waitingItems.count < maxWaiting else { return .refused }
    waitingItems.append((id, origin, item))
    return .wait
  }

  /// Gives a slot back.
  ///
  /// - Returns: The item that has the slot now, if one was waiting that may.
  mutating func release(_ origin: HTTPOrigin) -> Item? {
    let left = (activePerOrigin[origin] ?? 0) - 1
    activePerOrigin[origin] = left > 0 ? left : nil
    active = max(0, active - 1)
    guard let index = waitingItems.firstIndex(where: { hasRoom(for: $0.origin) }) else { return nil }
    let next = waitingItems.remove(at: index)
    occupy(next.origin)
    return next.item
  }

  /// Takes a waiting item out of the queue.
  ///
  /// - Returns: Whether it was waiting.
  mutating func withdraw(_ id: ObjectIdentifier) -> Bool {
    guard let index = waitingItems.firstIndex(where: { $0.id == id }) else { return false }
    waitingItems.remove(at: index)
    return true
  }

  private func hasRoom(for origin: HTTPOrigin) -> Bool {
    active < maxActive && (activePerOrigin[origin] ?? 0) < maxPerOrigin
  }

  private mutating func occupy(_ origin: HTTPOrigin) {
    activePerOrigin[origin, default: 0] += 1
    active += 1
  }
}
