import ArgumentParser
import Testing

@testable import ReplicationWorker

@Suite("The locations command")
struct LocationsCommandTests {
  @Test("without a verb it lists, as it always did")
  func list() throws {
    let command = try LocationsCommand.parseAsRoot(["--config", "c.yaml", "--json"])
    let list = try #require(command as? LocationsListCommand)
    #expect(list.config == "c.yaml" && list.json)
  }

  @Test("set takes a name and one of two states", arguments: [("read-only", true), ("active", false)])
  func set(state: String, isReadOnly: Bool) throws {
    let command = try LocationsCommand.parseAsRoot(["set", "eustorage", state, "--config", "c.yaml", "--no-wait"])
    let set = try #require(command as? LocationsSetCommand)
    #expect(set.name == "eustorage" && (set.state == .readOnly) == isReadOnly && !set.wait)
  }

  @Test("any other state is refused", arguments: ["readonly", "draining", "removed", ""])
  func refused(state: String) {
    #expect(throws: (any Error).self) {
      try LocationsCommand.parseAsRoot(["set", "eustorage", state, "--config", "c.yaml"])
    }
  }
}
