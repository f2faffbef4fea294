import Foundation

/// A value of a report's JSON, in which what is absent is written as null so that scripts find every name.
enum ReportValue: Encodable, Sendable {
  case text(String?)
  case number(Int64?)
  case flag(Bool)
  case list([ReportValue])
  case object([String: ReportValue])

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): if let text { try container.encode(text) } else { try container.encodeNil() }
    case .number(let number): if let number { try container.encode(number) } else { try container.encodeNil() }
    case .flag(let flag): try container.encode(flag)
    case .list(let items): try container.encode(items)
    case .object(let members): try container.encode(members)
    }
  }

  /// One line of JSON, the members in the order of their names.
  func json() throws -> String { try jsonText(.withoutEscapingSlashes) }

  /// The members of two objects in one.
  func adding(_ members: [String: ReportValue]) -> ReportValue {
    guard case .object(let own) = self else { return self }
    return .object(own.merging(members) { $1 })
  }
}
