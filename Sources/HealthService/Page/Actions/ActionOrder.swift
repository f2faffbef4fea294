import Shared

/// What a form asks for, read and checked.
enum ActionOrder: Sendable, Hashable {
  case drain(RegionName, RegionDrain.Direction, reason: String, for: Duration?)
  case undrain(RegionName)
  case retry(LocationID, [JobState])
  case verify(LocationID, VerificationDepth)

  /// What is wrong with a form, in sentences for whoever filled it in.
  struct Mistakes: Error, Hashable {
    let sentences: [String]
  }

  /// The most characters of a drain's reason.
  static let longestReason = 200
  /// The choices of how long a drain lasts, by the value in the form.
  static let durations: [(value: String, label: String, duration: Duration?)] = [
    ("15m", "15 minutes", .seconds(900)), ("1h", "1 hour", .seconds(3600)), ("4h", "4 hours", .seconds(14_400)),
    ("24h", "24 hours", .seconds(86_400)), ("open", "Until somebody ends it", nil),
  ]

  /// Reads a form. `needsConfirmation` is whether a drain has to be confirmed apart.
  init(_ action: PageAction, _ form: FormFields, needsConfirmation: Bool) throws(Mistakes) {
    switch action {
    case .drain: self = try Self.drain(form, needsConfirmation: needsConfirmation)
    case .undrain: self = .undrain(try Self.region(form))
    case .retry: self = .retry(try Self.location(form), try Self.states(form))
    case .verify:
      guard let depth = form["depth"].flatMap(VerificationDepth.init) else {
        throw Mistakes(sentences: ["Choose how thoroughly to look."])
      }
      self = .verify(try Self.location(form), depth)
    }
  }

  private static func drain(_ form: FormFields, needsConfirmation: Bool) throws(Mistakes) -> ActionOrder {
    let region = try region(form)
    var mistakes: [String] = []
    let direction = form["direction"].flatMap(RegionDrain.Direction.init)
    if direction == nil { mistakes.append("Choose what to keep away from the region.") }
    let duration = form["duration"].flatMap { value in durations.first { $0.value == value } }
    if duration == nil { mistakes.append("Choose how long the drain lasts.") }
    let reason = form["reason"] ?? ""
    if reason.isEmpty { mistakes.append("Say why: others will want to know.") }
    if reason.count > longestReason { mistakes.append("Say why in at most \(longestReason) characters.") }
    if needsConfirmation, form["confirmed"] != "yes" {
      mistakes.append("Confirm that the region is drained although no other one would be left.")
    }
    guard mistakes.isEmpty, let direction, let duration else { throw Mistakes(sentences: mistakes) }
    return .drain(region, direction, reason: reason, for: duration.duration)
  }

  private static func states(_ form: FormFields) throws(Mistakes) -> [JobState] {
    switch form["which"] {
    case "parked": return [.parked]
    case "source_lost": return [.sourceLost]
    case "both": return [.parked, .sourceLost]
    default: throw Mistakes(sentences: ["Choose which copies to try again."])
    }
  }

  private static func region(_ form: FormFields) throws(Mistakes) -> RegionName {
    do throws(ModelError) {
      return try RegionName(parsing: form["region"] ?? "")
    } catch {
      throw Mistakes(sentences: ["That is no region."])
    }
  }

  private static func location(_ form: FormFields) throws(Mistakes) -> LocationID {
    do throws(ModelError) {
      return try LocationID(parsing: form["location"] ?? "")
    } catch {
      throw Mistakes(sentences: ["That is no location."])
    }
  }
}
