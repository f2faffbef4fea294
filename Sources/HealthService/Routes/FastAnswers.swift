import NIOCore
import NIOHTTP1

/// Chooses the answer to a request that can be answered from the shelf; a value, shared by all connections.
struct FastAnswers: Sendable {
  let shelf: AnswerShelf
  let details: DetailsPolicy

  /// What becomes of a request.
  enum Outcome {
    case answer(Answer)
    /// Somebody else answers it, or says that there is no such thing.
    case elsewhere
  }

  /// Decides by the request's head alone.
  func outcome(of head: HTTPRequestHead, peer: SocketAddress?) -> Outcome {
    guard head.method == .GET || head.method == .HEAD else { return .elsewhere }
    guard head.uri.utf8.count <= HealthEndpoint.maximumTargetBytes else {
      return .answer(Answer(code: 414, line: "the request target is too long", date: date))
    }
    switch HealthEndpoint.reading(target: head.uri) {
    case .elsewhere: return .elsewhere
    case .badQuestion: return .answer(Answer(code: 400, line: "'for' is read or write", date: date))
    case .endpoint(let endpoint):
      return .answer(
        answer(
          to: endpoint, accept: head.headers.first(name: "Accept"),
          authorization: head.headers.first(name: "Authorization"), peer: peer,
          isForwarded: head.headers.contains(name: "X-Forwarded-For") || head.headers.contains(name: "Forwarded")))
    }
  }

  /// The answer to an endpoint, for the reader the fields speak of.
  func answer(
    to endpoint: HealthEndpoint, accept: String?, authorization: String?, peer: SocketAddress?, isForwarded: Bool
  ) -> Answer {
    shelf.book.answer(
      AnswerKey(
        endpoint: endpoint, format: HealthFormat(accept: accept),
        showsDetails: details.showsDetails(authorization: authorization, peer: peer, isForwarded: isForwarded)))
  }

  private var date: String { HTTPDate.text(ms: shelf.book.view.atMs) }
}
