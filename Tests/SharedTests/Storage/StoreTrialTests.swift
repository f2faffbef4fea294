import Shared
import SharedConfig
import Synchronization
import TestSupport
import Testing

@testable import SharedStorage

@Suite("Trying a store as config check --probe does", .timeLimit(.minutes(1)))
struct StoreTrialTests {
  private typealias Step = StoreTrial.Step

  private func words(_ findings: [StoreTrial.Finding]) -> [Step: String] {
    let pairs = findings.map { finding in
      switch finding.outcome {
      case .succeeded: (finding.step, "ok")
      case .failed(let error, _): (finding.step, error.description)
      case .notOffered: (finding.step, "none")
      case .notTried: (finding.step, "-")
      }
    }
    return Dictionary(pairs) { first, _ in first }
  }

  @Test func aGoodFolderPassesAndIsLeftEmpty() async throws {
    try await withTemporaryFolder { folder in
      let location = LocationSettings(id: try LocationID(parsing: "here"), engine: .local(.init(rootPath: folder)))
      let store = try StoreFactory.open(location)
      let found = words(await StoreTrial(store).run())
      let expected = Dictionary(Step.allCases.map { ($0, $0 == .presign ? "none" : "ok") }) { first, _ in first }
      #expect(found == expected)
      let left = try await store.list(after: nil, limit: 10).objects
      #expect(left.isEmpty)
      await store.close()
      let trials = await LocationTrials.run([location], deadline: .seconds(10))
      #expect(trials.exitCode == 0)
      #expect(trials.lines.last == "all 1 locations can be used")
      #expect(trials.lines.contains { $0.hasPrefix("here      LocalStorage") && $0.contains("none") })
    }
  }

  @Test func aRealStorePassesEveryStep() async throws {
    guard S3TestService.isDemanded else { return }
    try await S3TestService.withStore(try S3TestService.connection()) { store in
      let found = words(await StoreTrial(store).run())
      let expected = Dictionary(Step.allCases.map { ($0, "ok") }) { first, _ in first }
      #expect(found == expected)
      let left = try await store.list(after: nil, limit: 10).objects
      #expect(left.isEmpty)
    }
  }

  @Test func aMissingFolderIsSaidAndNothingElseTried() async throws {
    let location = LocationSettings(
      id: try LocationID(parsing: "here"), engine: .local(.init(rootPath: "/nonexistent/x")))
    let other = try ConfigurationFixtures.load([
      "DISTRIBUTED_STORAGE_CONFIG":
        "{akamai: [AkamaiS3Storage, {storage_path: /r, s3_bucket: b, akamai_domain: d, akamai_shared_secret: s}]}"
    ]).locations
    let trials = await LocationTrials.run([location], deadline: .seconds(10))
    #expect(trials.exitCode == 69)
    #expect(trials.lines.contains("here: reach: the bucket or folder '/nonexistent/x' does not exist"))
    #expect(trials.lines.last == "1 of 1 locations FAILED")
    #expect(trials.locations.first?.steps.map(\.outcome) == ["failed"] + Array(repeating: "skipped", count: 6))
    let both = await LocationTrials.run([location] + other, deadline: .seconds(10))
    #expect(both.exitCode == 78)
    #expect(both.lines.contains("akamai: the engine cannot open AkamaiS3Storage"))
  }

  @Test func aStoreThatIsSilentCostsADeadlineAndNoMore() async throws {
    let server = try FakeHTTPServer { _, _ in .stall([]) }
    defer { server.stop() }
    let connection = S3Connection(
      endpoint: try #require(S3Endpoint(parsing: server.address)), bucket: "images",
      storagePath: try #require(StoragePath("registry")),
      credentials: StoreCredentials(accessKey: "AK", secretKey: Secret("SK")))
    try await S3TestService.withStore(connection) { store in
      let clock = ContinuousClock()
      let start = clock.now
      let found = words(await StoreTrial(store, deadline: .milliseconds(300)).run())
      #expect(found[.reach] == "the store did not answer in time (the whole step)" && found[.write] == "-")
      #expect(clock.now - start < .seconds(10))
    }
  }

  @Test func readOnlyKeysFailWhereTheyWrite() async throws {
    try await ScriptedS3.withStore { request, _ in
      switch request.method {
      case "HEAD": request.target.hasPrefix("/images/") ? .answer(404, method: "HEAD") : .answer(200, method: "HEAD")
      default: ScriptedS3.error(403, "AccessDenied")
      }
    } _: { store, _, _ in
      let found = words(await StoreTrial(store).run())
      #expect(found[.reach] == "ok" && found[.read] == "-" && found[.presign] == "-")
      for step in [Step.write, .multipart, .delete] {
        #expect(found[step] == "the store denied access (AccessDenied)")
      }
    }
  }
}
