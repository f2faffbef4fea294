/// The first `limit` of any number of names, in bytewise order, in memory for twice as many.
struct SmallestNames<Value: Sendable>: Sendable {
  typealias Entry = (name: String, value: Value)

  private let limit: Int
  private var entries: [Entry] = []
  /// Names from here on cannot be among the first any more.
  private var bound: String?

  /// Keeps the first `limit`, at least one.
  init(limit: Int) { self.limit = max(limit, 1) }

  /// Offers a name; each name is offered once.
  mutating func insert(_ name: String, _ value: Value) {
    if let bound, !name.utf8.lexicographicallyPrecedes(bound.utf8) { return }
    entries.append((name, value))
    guard entries.count >= limit * 2 else { return }
    entries = inOrder()
    bound = entries.last?.name
  }

  /// The first names, ascending.
  func inOrder() -> [Entry] {
    Array(entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.prefix(limit))
  }
}
