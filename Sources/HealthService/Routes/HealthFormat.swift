/// The form of an answer's body.
enum HealthFormat: Sendable, Hashable {
  /// `application/json`, in Quay's shape where Quay has the endpoint.
  case plain
  /// `application/health+json` (draft-inadarei-api-health-check-06).
  case healthJSON

  /// The media type of answers in this form.
  var mediaType: String { self == .plain ? "application/json" : "application/health+json" }

  /// Chooses by an `Accept` field (RFC 9110 section 12.5.1): health+json where it is named, not refused, and not liked
  /// less than plain JSON.
  init(accept: String?) {
    guard let accept, accept.utf8.count <= 1024 else {
      self = .plain
      return
    }
    var health: Double?
    var json = 0.0
    for range in accept.split(separator: ",") {
      let parts = range.split(separator: ";").map { Self.trimmed($0).lowercased() }
      let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      switch parts.first {
      case "application/health+json": health = quality
      case "application/json": json = quality
      default: break
      }
    }
    guard let health, health > 0, health >= json else {
      self = .plain
      return
    }
    self = .healthJSON
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
