import Hummingbird
import NIOCore

/// What is known of a request beside itself: who sent it.
struct PageContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The other end of the connection, a client or a proxy; empty where it is not known.
  let peer: String

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    peer = source.channel.remoteAddress?.ipAddress ?? ""
  }
}
