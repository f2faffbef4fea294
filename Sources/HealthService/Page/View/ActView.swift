/// A page that asks for something to be done, or says what became of it.
struct ActView: Sendable {
  /// A choice of one of several.
  struct Choice: Sendable {
    let legend: String
    let name: String
    let options: [Option]
  }

  /// One of several.
  struct Option: Sendable {
    let value: String
    let label: String
    let hint: String?
    let isChosen: Bool
  }

  /// A line to be written.
  struct Line: Sendable {
    let name: String
    let label: String
    let value: String
    let longest: Int
    let hint: String
    let isWrong: Bool
  }

  /// Something that has to be ticked first.
  struct Confirmation: Sendable {
    let name: String
    let label: String
  }

  /// A field that is sent along.
  struct Kept: Sendable {
    let name: String
    let value: String
  }

  /// What is sent.
  struct Form: Sendable {
    let path: String
    let token: String
    var kept: [Kept] = []
    var choices: [Choice] = []
    var texts: [Line] = []
    var confirmations: [Confirmation] = []
    let submit: String
  }

  let title: String
  var errors: [String] = []
  var warnings: [String] = []
  var sentences: [String] = []
  var form: Form?

  /// Whether there are errors; templates cannot count.
  let hasErrors: Bool

  /// Describes a page.
  init(title: String, errors: [String] = [], warnings: [String] = [], sentences: [String] = [], form: Form? = nil) {
    self.title = title
    self.errors = errors
    self.warnings = warnings
    self.sentences = sentences
    self.form = form
    hasErrors = !errors.isEmpty
  }
}
