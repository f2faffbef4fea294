import HTTPTransport
package import SharedConfig
import SharedModel
import Synchronization

/// Sends events to one receiver: signed, within a deadline, to an address that was looked at before.
///
/// The name is looked up here, every address is checked, and the connection is made to the very address that was
/// checked, so that a name that changes its meaning in between reaches nothing (security rule 15). Redirects are not
/// followed, proxies of the environment not used.
package final class WebhookSender: Sendable {
  /// A transport whose every connection goes to one address.
  private struct Pinned {
    let address: NetworkAddress?
    let transport: HTTPTransport
  }

  /// Addresses of one name that are tried for one attempt.
  private static let addressesTried = 3
  private static let maximumAnswerHeadBytes = 32 << 10

  private let settings: WebhookSettings
  private let lookup: any NameLookup
  private let pinned = Mutex<Pinned?>(nil)

  /// Makes a sender; nothing is looked up or connected yet.
  package init(settings: WebhookSettings, lookup: any NameLookup) {
    self.settings = settings
    self.lookup = lookup
  }

  /// Sends one event and returns once the receiver has answered with 2xx.
  ///
  /// `id` is the event's own, the same at every attempt, by which receivers recognise repetitions; `timestamp`, in
  /// seconds since the epoch, is the attempt's.
  package func send(_ event: String, name: String, id: String, timestamp: Int64) async throws(WebhookFailure) {
    let clock = ContinuousClock()
    let deadline = clock.now + settings.timeout
    var last = WebhookFailure.unreachable(detail: "no time was left")
    for address in try await addresses().prefix(Self.addressesTried) {
      let remaining = deadline - clock.now
      guard remaining > .zero else { break }
      let transport = try transport(to: address)
      let request = request(event, name: name, id: id, timestamp: timestamp, within: remaining)
      let refusal: WebhookFailure
      do throws(HTTPTransportError) {
        let response = try await transport.send(request, body: .bytes(Array(event.utf8)))
        response.body.discard()
        if (200..<300).contains(response.status) { return }
        refusal = .refused(status: response.status, retryAfter: Self.retryAfter(response.headers["retry-after"]))
      } catch {
        if error == .cancelled { throw .cancelled }
        last = .unreachable(detail: "\(error)")
        // Another address is tried only where this one surely has not got the event.
        guard !error.requestMayHaveBeenSent else { break }
        continue
      }
      throw refusal
    }
    throw last
  }

  /// The checked addresses to connect to; nil for a receiver given by its address.
  private func addresses() async throws(WebhookFailure) -> [NetworkAddress?] {
    let host = settings.url.endpoint.host
    if let literal = NetworkAddress(parsing: host) {
      try check(literal)
      return [nil]
    }
    let found = try await lookup.addresses(of: host, within: settings.timeout)
    for address in found { try check(address) }
    return found
  }

  /// One dangerous address among several is reason enough: no honest name has both.
  private func check(_ address: NetworkAddress) throws(WebhookFailure) {
    switch address.danger {
    case .linkLocal where settings.allowsLinkLocal: return
    case .linkLocal, .noHost: throw .forbidden(address: address.description)
    case nil: return
    }
  }

  private func transport(to address: NetworkAddress?) throws(WebhookFailure) -> HTTPTransport {
    if let known = pinned.withLock({ $0 }), known.address == address { return known.transport }
    var configuration = HTTPTransportConfiguration()
    configuration.maxConnectionsPerHost = 8
    configuration.maxTotalConnections = 8
    configuration.maxQueuedRequests = 64
    configuration.connectTimeout = settings.timeout
    configuration.totalTimeout = settings.timeout
    configuration.windowBytes = 64 << 10
    configuration.receiveBufferBytes = 16 << 10
    configuration.maxResponseHeaderBytes = Self.maximumAnswerHeadBytes
    configuration.userAgent = "meridian-webhook"
    if let address {
      let literal = address.bytes.count == 16 ? "[\(address)]" : "\(address)"
      // No host and no port: whatever libcurl makes of the name, this is where it connects.
      configuration.connectToOverrides = ["::\(literal):\(settings.url.endpoint.port)"]
    }
    do throws(HTTPTransportError) {
      let transport = try HTTPTransport(configuration: configuration)
      pinned.withLock { $0 = Pinned(address: address, transport: transport) }
      return transport
    } catch {
      throw .unreachable(detail: "\(error)")
    }
  }

  private func request(
    _ event: String, name: String, id: String, timestamp: Int64, within remaining: Duration
  ) -> HTTPTransportRequest {
    let signature = WebhookSignature.value(body: Array(event.utf8), timestamp: timestamp, secret: settings.secret)
    return HTTPTransportRequest(
      method: "POST", url: settings.url.description + settings.url.target.revealed,
      headers: [
        ("Content-Type", "application/json"), ("Meridian-Event", name), ("Meridian-Delivery", id),
        ("Meridian-Timestamp", String(timestamp)), ("Meridian-Signature", signature),
      ],
      timeouts: HTTPTransportTimeouts(connect: remaining, total: remaining))
  }

  /// Seconds only; a date would need the receiver's clock.
  private static func retryAfter(_ text: String?) -> Duration? {
    guard let text, text.utf8.count <= 6, text.utf8.allSatisfy(\.isDigit), let seconds = Int64(text) else { return nil }
    return .seconds(seconds)
  }
}
