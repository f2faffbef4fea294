import Shared

/// How something is, in a colour, a shape and a word; the colour never stands alone.
struct Badge: Sendable, Hashable {
  let tone: Tone
  let word: String

  /// States a badge.
  init(_ tone: Tone, _ word: String) {
    self.tone = tone
    self.word = word
  }
}

/// What the page's colours and shapes tell apart; the raw values are the names of style and icon.
enum Tone: String, Sendable, Hashable, CustomStringConvertible {
  case pass
  case drained
  case unknown
  case warn
  case fail

  /// The tone of a probe's status.
  init(_ status: ProbeStatus) {
    switch status {
    case .pass: self = .pass
    case .warn: self = .warn
    case .fail: self = .fail
    case .unknown: self = .unknown
    }
  }

  var description: String { rawValue }

  /// How much it wants attention.
  private var gravity: Int {
    switch self {
    case .pass: 0
    case .drained: 1
    case .unknown: 2
    case .warn: 3
    case .fail: 4
    }
  }

  /// The one that wants more attention.
  func worse(_ other: Tone) -> Tone { other.gravity > gravity ? other : self }
}
