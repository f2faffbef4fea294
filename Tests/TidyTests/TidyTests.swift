import Foundation
import Testing

@Suite("The tree keeps the rules of the house")
struct TidyTests {
  @Test func everyAreaUsesOnlyWhatTheTableAllows() throws {
    let table = DependencyTable(readme: try SourceTree.file("Sources/Shared/README.md").text)
    let files = try SourceTree.files(below: "Sources", suffix: ".swift")
    #expect(files.count > 20, "the walk found the sources")
    let found = files.flatMap { file in
      TidyRules.sharedImports(file, table: table) + TidyRules.driverImports(file) + TidyRules.executableImports(file)
    }
    #expect(found.isEmpty, "\(found.map(\.description).joined(separator: "\n"))")
  }

  @Test func thePackageDeclaresNoDependencyTheTableForbids() throws {
    let table = DependencyTable(readme: try SourceTree.file("Sources/Shared/README.md").text)
    let manifest = try SourceTree.file("Package.swift")
    var checked = 0
    for (area, allowed) in table.allowed {
      guard
        let start = manifest.text.range(of: "area(\n      \"\(area)\"") ?? manifest.text.range(of: "area(\"\(area)\"")
      else {
        Issue.record("area \(area) is in the table but not in Package.swift")
        continue
      }
      let declaration = manifest.text[start.lowerBound...].prefix { $0 != "]" }
      for used in declaration.split(separator: "\"") where used.hasPrefix("Shared") {
        checked += 1
        #expect(allowed.contains(String(used.dropFirst(6))), "Package.swift lets \(area) use \(used)")
      }
    }
    #expect(checked > 5, "dependencies were read")
  }

  @Test func sourcesAreShortAndFinished() throws {
    let found = try SourceTree.files(below: "Sources", suffix: ".swift").flatMap {
      TidyRules.length($0) + TidyRules.words($0)
    }
    #expect(found.isEmpty, "\(found.map(\.description).joined(separator: "\n"))")
  }

  @Test func everyDocumentHasOneTitle() throws {
    let documents =
      try SourceTree.files(below: "docs", suffix: ".md") + [
        SourceTree.file("README.md"), SourceTree.file("ARCHITECTURE.md"), SourceTree.file("CHANGELOG.md"),
        SourceTree.file("CONTRIBUTING.md"),
      ]
    let found = documents.flatMap(TidyRules.markdownTitle)
    #expect(found.isEmpty, "\(found.map(\.description).joined(separator: "\n"))")
  }
}

/// Every rule is shown to fail on a planted violation, so that none can die silently.
@Suite("Each rule catches its planted violation")
struct TidyRuleFixtureTests {
  private let table = DependencyTable(
    readme: """
      | area | may use |
      |---|---|
      | Model | nothing |
      | Catalog | Model, Queue |
      | Storage | Model |
      | Webhook | Model |

      | module | only in files named |
      |---|---|
      | Postgres | `Postgres*.swift` |
      | HTTPTransport | under an engine's folder, `Storage/*/`, and in `Webhook/` |
      """)

  private func file(_ path: String, _ text: String) -> SourceFile { SourceFile(path: path, text: text) }

  @Test func anAreaOutsideItsRow() {
    let bad = file("Sources/Shared/Model/A.swift", "package import SharedCatalog\n")
    #expect(TidyRules.sharedImports(bad, table: table).map(\.message) == ["Model may not use Catalog"])
    let good = file("Sources/Shared/Catalog/A.swift", "import SharedModel\n@testable import SharedQueue\n")
    #expect(TidyRules.sharedImports(good, table: table).isEmpty)
  }

  @Test func anAreaWithoutARow() {
    let bad = file("Sources/Shared/Extra/A.swift", "")
    #expect(TidyRules.sharedImports(bad, table: table).count == 1)
  }

  @Test func aDriverInAnUnlicensedFile() {
    let bad = file("Sources/Shared/Catalog/Catalog.swift", "internal import Postgres\n")
    #expect(TidyRules.sharedImports(bad, table: table).map(\.message) == ["Postgres may not be imported here"])
    let good = file("Sources/Shared/Catalog/PostgresSQLDatabase.swift", "internal import Postgres\n")
    #expect(TidyRules.sharedImports(good, table: table).isEmpty)
  }

  @Test func aDriverInAFolderLicensedToIt() {
    let text = "internal import HTTPTransport\n"
    for path in ["Sources/Shared/Storage/S3/A.swift", "Sources/Shared/Webhook/A.swift"] {
      #expect(TidyRules.sharedImports(file(path, text), table: table).isEmpty)
    }
    for path in ["Sources/Shared/Storage/A.swift", "Sources/Shared/Catalog/Storage/A.swift"] {
      #expect(TidyRules.sharedImports(file(path, text), table: table).count == 1)
    }
  }

  @Test func aDriverThatKnowsMeridian() {
    #expect(TidyRules.driverImports(file("Sources/Redis/A.swift", "import SharedModel\n")).count == 1)
    #expect(TidyRules.driverImports(file("Sources/Redis/A.swift", "import CHiredis\nimport Glibc\n")).isEmpty)
  }

  @Test func anExecutableThatUsesAnother() {
    #expect(TidyRules.executableImports(file("Sources/RegistryAPI/A.swift", "import HealthService\n")).count == 1)
    #expect(TidyRules.executableImports(file("Sources/RegistryAPI/A.swift", "import Shared\n")).isEmpty)
  }

  @Test func aFileTooLong() {
    let long = String(repeating: "\n", count: TidyRules.maximumLines + 1)
    #expect(TidyRules.length(file("Sources/A.swift", long)).count == 1)
    #expect(TidyRules.length(file("Sources/A.swift", "\n")).isEmpty)
  }

  @Test(arguments: [
    "// TO" + "DO later", "fatal" + "Error(\"x\")", "final class A: @unchecked Sendable {}", "let x = try? f()",
  ])
  func aForbiddenWord(line: String) {
    #expect(TidyRules.words(file("Sources/A.swift", line)).count == 1)
  }

  @Test func aReasonGivenIsAccepted() {
    let text =
      "// Proof: confined to its thread.\nfinal class A: @unchecked Sendable {}\nlet registry: Registry? = entry?.x\n"
    #expect(TidyRules.words(file("Sources/A.swift", text)).isEmpty)
  }

  @Test func aDocumentWithTwoTitles() {
    #expect(TidyRules.markdownTitle(file("docs/a.md", "# One\n\n# Two\n")).count == 1)
    #expect(TidyRules.markdownTitle(file("docs/a.md", "# One\n```\n# shell comment\n```\n")).isEmpty)
  }
}
