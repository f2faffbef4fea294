import HTTPTypes
import Logging
import Shared

/// Answers and changes where a namespace's blobs must be (G9).
struct NamespaceLocationsAnswer: Sendable {
  /// A body longer than this is refused (security rule 17).
  private static let maximumBodyBytes = 64 << 10

  let services: RegistryServices

  /// Answers GET with the rules, and PUT with the rules after the change. Rules may come before the first push.
  func answer(_ request: RegistryRequest, namespace: String) async throws -> Answer {
    if request.method == .put { try await change(request, namespace: namespace) }
    let rules = try await services.catalog.namespaceLocations(namespace)
    let defaults = Set(services.settings.requiredLocations)
    var json = JSONText()
    let locations = try await services.catalog.locations().filter { $0.1 != .removed }
    json.object {
      $0.member("namespace", namespace)
      $0.array("locations", locations) { json, item in
        let (location, state) = item
        let rule = rules.first { $0.location == location }?.isRequired
        json.object {
          $0.member("location", location.description)
          $0.member("state", state.rawValue)
          $0.member("default", defaults.contains(location))
          $0.member("rule", optional: rule.map { $0 ? "required" : "excluded" })
          $0.member("required", state.takesCopies && rule ?? defaults.contains(location))
        }
      }
    }
    return Answer.json(.ok, json.bytes)
  }

  /// Applies `{"locations": {"<id>": true | false | null}}`: required, left out, or left to the defaults again.
  ///
  /// What is not named stays. The whole body is checked before anything is changed; every location then changes on its
  /// own, each with the walk that brings there what the namespace has already.
  private func change(_ request: RegistryRequest, namespace: String) async throws {
    let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased()
    guard type == "application/json" else {
      throw OCIFailure(.unsupported, status: .unsupportedMediaType, "Content-Type must be application/json")
    }
    let body = try await request.reader.collect(limitBytes: Self.maximumBodyBytes)
    let changes = try Self.changes(body)
    let known = try await services.catalog.locations()
    for (location, required) in changes {
      guard let state = known.first(where: { $0.0 == location })?.1 else {
        throw Self.invalid("there is no location \(location)")
      }
      guard required != true || state.takesCopies else {
        throw OCIFailure(.denied, status: .conflict, "location \(location) is \(state.rawValue) and takes no copies")
      }
    }
    for (location, required) in changes {
      try await services.catalog.setNamespaceLocation(namespace: namespace, location: location, required: required)
      services.logger.notice(
        "a namespace's locations were changed",
        metadata: [
          "namespace": "\(namespace)", "location": "\(location)",
          "required": "\(required.map { "\($0)" } ?? "default")", "by": "\(request.principal.name)",
        ])
    }
  }

  private static func changes(_ body: [UInt8]) throws(OCIFailure) -> [(LocationID, Bool?)] {
    let value: JSONValue
    do {
      value = try StrictJSON.parse(body)
    } catch {
      throw invalid("the body is no acceptable JSON: \(error)")
    }
    guard case .object(let object) = value, object.members.map(\.name) == ["locations"],
      case .object(let locations)? = object[name: "locations"], !locations.members.isEmpty
    else { throw invalid(#"the body must be {"locations": {"<location>": true, false or null}}"#) }
    var changes: [(LocationID, Bool?)] = []
    for member in locations.members {
      let location: LocationID
      do {
        location = try LocationID(parsing: member.name)
      } catch {
        throw invalid("a name is no location id")
      }
      switch member.value {
      case .bool(let required): changes.append((location, required))
      case .null: changes.append((location, nil))
      default: throw invalid("\(location) must be true, false or null")
      }
    }
    return changes
  }

  private static func invalid(_ message: String) -> OCIFailure {
    OCIFailure(.unsupported, status: .badRequest, message)
  }
}
