/// What one look at a component found.
struct Sighting: Sendable, Equatable {
  /// How the component does in one direction.
  enum Outcome: Sendable, Equatable {
    case pass
    /// It works, but somebody should know this.
    case warn(String)
    /// It does not work, for this reason.
    case fail(String)

    /// Whether it works.
    var isSuccess: Bool {
      if case .fail = self { false } else { true }
    }

    /// The line for operators; nil where all is well.
    var reason: String? {
      switch self {
      case .pass: nil
      case .warn(let reason), .fail(let reason): reason
      }
    }
  }

  /// How it does for reads; nil where they were not looked at.
  var read: Outcome?
  /// How it does for writes; nil where they were not looked at.
  var write: Outcome?
  /// What was measured, by a name that ends in its unit.
  var values: [String: Double]

  /// Describes what was found; what is said of reads holds for writes where nothing else is said.
  init(read: Outcome, write: Outcome? = nil, values: [String: Double] = [:]) {
    self.read = read
    self.write = write ?? read
    self.values = values
  }

  /// Describes what was found of what `aspect` says, and nothing else.
  init(_ aspect: Probe.Aspect, _ outcome: Outcome, values: [String: Double] = [:]) {
    read = aspect == .writes ? nil : outcome
    write = aspect == .reads ? nil : outcome
    self.values = values
  }

  /// All is well.
  static let pass = Sighting(read: .pass)

  /// Nothing works, for this reason.
  static func fail(_ reason: String) -> Sighting { Sighting(read: .fail(reason)) }
}
