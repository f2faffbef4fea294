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

  /// How it does for reads, and for writes too where `write` is nil.
  var read: Outcome
  var write: Outcome?
  /// What was measured, by a name that ends in its unit.
  var values: [String: Double]

  /// Describes what was found.
  init(read: Outcome, write: Outcome? = nil, values: [String: Double] = [:]) {
    self.read = read
    self.write = write
    self.values = values
  }

  /// All is well.
  static let pass = Sighting(read: .pass)

  /// Nothing works, for this reason.
  static func fail(_ reason: String) -> Sighting { Sighting(read: .fail(reason)) }
}
