/// Requests in the order of their arrival, taken from the front in constant time.
struct RequestQueue {
  private var storage: [PendingRequest?] = []
  private var head = 0

  var isEmpty: Bool { head >= storage.count }

  /// The oldest request.
  var first: PendingRequest? { isEmpty ? nil : storage[head] }

  mutating func append(_ request: PendingRequest) {
    storage.append(request)
  }

  /// Takes the oldest request out.
  mutating func popFirst() -> PendingRequest? {
    guard !isEmpty else { return nil }
    let request = storage[head]
    storage[head] = nil
    head += 1
    if head == storage.count {
      storage.removeAll(keepingCapacity: storage.count <= 8192)
      head = 0
    } else if head >= 1024, head * 2 >= storage.count {
      storage.removeFirst(head)
      head = 0
    }
    return request
  }

  /// Takes all requests out.
  mutating func takeAll() -> [PendingRequest] {
    let requests = all
    storage.removeAll()
    head = 0
    return requests
  }

  /// Takes out the requests for which `isTaken` holds and keeps the order of the others.
  mutating func take(where isTaken: (PendingRequest) -> Bool) -> [PendingRequest] {
    let requests = all
    let taken = requests.filter(isTaken)
    guard !taken.isEmpty else { return [] }
    storage = requests.filter { !isTaken($0) }
    head = 0
    return taken
  }

  /// The requests, oldest first.
  var all: [PendingRequest] { storage[head...].compactMap { $0 } }
}
