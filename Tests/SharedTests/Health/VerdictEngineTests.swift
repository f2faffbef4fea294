import Shared
import Testing

@Suite("Verdicts follow from what was seen, rule by rule (H4, I10)")
struct VerdictEngineTests {
  private typealias Words = [String: SnapshotMaking.Word]
  private let reached = BoardReach(redis: true, database: true)

  private func verdicts(
    _ words: [String: Words], drains: [RegionDrain] = [], policy: VerdictPolicy = VerdictPolicy(),
    ages: [String: Int64] = [:], board: BoardReach? = nil, regions: [String] = ["us", "eu", "ap"]
  ) throws -> [String: RegionVerdict] {
    var policy = policy
    policy.regions = regions
    let observations = try regions.map { region in
      RegionObservation(
        snapshot: try SnapshotMaking.snapshot(region, words[region] ?? [:]), ageMs: ages[region] ?? 1_000,
        isOwn: region == "us")
    }
    let list = VerdictEngine.verdicts(
      of: observations, drains: drains, policy: policy, own: try RegionName(parsing: "us"), board: board ?? reached)
    #expect(list.map(\.region) == ["us"] + regions.filter { $0 != "us" }.sorted())
    return Dictionary(uniqueKeysWithValues: list.map { ($0.region, $0) })
  }

  private func drain(_ region: String, _ direction: RegionDrain.Direction = .both) -> RegionDrain {
    RegionDrain(region: region, direction: direction, reason: "new disks", by: "admin", sinceMs: 0)
  }

  @Test func allWellPassesWithFullWeight() throws {
    for verdict in try verdicts([:]).values {
      #expect(verdict.read == Judgement(status: .pass) && verdict.write == Judgement(status: .pass))
      #expect(verdict.read.weight == 100 && !verdict.isStale)
    }
  }

  @Test(arguments: ["api", "storage:eustorage", "clock"])
  func aRegionalFailureTurnsItsRegionRedAndNoOther(component: String) throws {
    let verdicts = try verdicts(["eu": [component: SnapshotMaking.failing()]])
    #expect(verdicts["eu"]?.read.status == .fail && verdicts["eu"]?.write.status == .fail)
    #expect(verdicts["eu"]?.read.reasons.first?.code == .componentFailed)
    #expect(verdicts["eu"]?.read.weight == 0)
    #expect(verdicts["us"]?.read.status == .pass && verdicts["ap"]?.write.status == .pass)
  }

  @Test func theStoreOfAnotherRegionIsAWarningEverywhereElse() throws {
    let dead = ["storage:eustorage": SnapshotMaking.failing()]
    let verdicts = try verdicts(["us": dead, "eu": dead, "ap": dead])
    #expect(verdicts["us"]?.read.status == .warn && verdicts["us"]?.read.weight == 100)
    #expect(verdicts["us"]?.read.reasons.map(\.code) == [.remoteFailed])
    #expect(verdicts["eu"]?.read.status == .fail && verdicts["ap"]?.write.status == .warn)
  }

  @Test func aStoreThatTakesNoWritesTurnsOnlyWritesRed() throws {
    let full = ["storage:eustorage": SnapshotMaking.Word(read: .pass, write: .fail)]
    let verdicts = try verdicts(["eu": full])
    #expect(verdicts["eu"]?.read.status == .pass && verdicts["eu"]?.write.status == .fail)
    #expect(verdicts["eu"]?.both.status == .fail)
  }

  @Test func readsMayGoOnFromElsewhereWhereTheOperatorSaysSoAndACanaryProvesIt() throws {
    let dead = ["storage:eustorage": SnapshotMaking.failing()]
    let policy = VerdictPolicy(servesFromRemote: true)
    let served = try verdicts(["eu": dead], policy: policy)
    #expect(served["eu"]?.read.status == .warn && served["eu"]?.read.weight == 50)
    #expect(served["eu"]?.read.reasons.map(\.code) == [.servedFromRemote] && served["eu"]?.write.status == .fail)
    let unproven = try verdicts(["eu": dead.merging(["api": SnapshotMaking.failing()]) { $1 }], policy: policy)
    #expect(unproven["eu"]?.read.status == .fail)
  }

  @Test func redisNeverTurnsARegionRed() throws {
    let one = try verdicts(["eu": ["redis": SnapshotMaking.failing()]])
    #expect(one["eu"]?.read.status == .warn && one["eu"]?.write.servesTraffic == true)
    let all = ["redis": SnapshotMaking.failing()]
    #expect(try verdicts(["us": all, "eu": all, "ap": all]).values.allSatisfy { $0.write.servesTraffic })
  }

  @Test func aDatabaseThatFailsEverywhereEjectsNobodyNorDoTheAPIsOnIt() throws {
    let dead = ["database": SnapshotMaking.failing(), "api": SnapshotMaking.failing()]
    for verdict in try verdicts(["us": dead, "eu": dead, "ap": dead]).values {
      #expect(verdict.read.status == .warn && verdict.write.status == .warn && verdict.read.weight == 100)
      #expect(verdict.read.reasons.map(\.code) == [.sharedFate, .sharedFate])
    }
  }

  @Test func aDatabaseThatOnlyOneRegionCannotReachIsThatRegionsFault() throws {
    let verdicts = try verdicts(["eu": ["database": SnapshotMaking.failing()]])
    #expect(verdicts["eu"]?.read.status == .fail && verdicts["us"]?.read.status == .pass)
  }

  @Test func whoNoticesFirstIsNotTakenForTheOnlyOne() throws {
    // The others' last look was before the failure, or so soon after it that they may just not have noticed yet.
    let early = ["database": SnapshotMaking.failing(forMs: 6_000)]
    #expect(try verdicts(["eu": early])["eu"]?.read.reasons.first?.code == .sharedFate)
    let late = ["database": SnapshotMaking.failing(forMs: 9_000)]
    #expect(try verdicts(["eu": late])["eu"]?.read.status == .fail)
  }

  @Test func whoRecoversLastIsNotTakenForTheOnlyOne() throws {
    let back = SnapshotMaking.Word(read: .pass, heldMs: 1_000)
    let verdicts = try verdicts([
      "us": ["database": back], "eu": ["database": SnapshotMaking.failing()], "ap": ["database": back],
    ])
    #expect(verdicts["eu"]?.read.status == .warn)
  }

  @Test func anAPIIsGivenTimeToFollowADatabaseThatComesBackForAll() throws {
    let back = SnapshotMaking.Word(read: .pass, heldMs: 2_000)
    let late = ["database": back, "api": SnapshotMaking.failing(forMs: 50_000)]
    let verdicts = try verdicts(["us": late, "eu": late, "ap": ["database": back]])
    #expect(verdicts["us"]?.read.reasons.map(\.code) == [.sharedFate] && verdicts["eu"]?.read.servesTraffic == true)
    // Another region's database worked all the while: then the outage was this region's own, and so is what is left of it.
    let own = try self.verdicts(["us": late])
    #expect(own["us"]?.read.status == .fail)
    let tooLong = [
      "database": SnapshotMaking.Word(read: .pass, heldMs: 13_000), "api": SnapshotMaking.failing(forMs: 50_000),
    ]
    #expect(
      try self.verdicts(["us": tooLong, "eu": ["database": back], "ap": ["database": back]])["us"]?.read.status == .fail
    )
  }

  @Test func aReadOnlyDatabaseFailsWritesEverywhereAndEjectsNobody() throws {
    let readOnly = ["database": SnapshotMaking.Word(read: .pass, write: .fail)]
    for verdict in try verdicts(["us": readOnly, "eu": readOnly, "ap": readOnly]).values {
      #expect(verdict.read.status == .pass && verdict.write.reasons.first?.code == .sharedFate)
    }
  }

  @Test func aSingleRegionIsToldAsItIs() throws {
    let verdicts = try verdicts(["us": ["database": SnapshotMaking.failing()]], regions: ["us"])
    #expect(verdicts["us"]?.read.status == .fail)
  }

  @Test func anIsolatedRegionSendsItselfOutAndKnowsNothingOfTheOthers() throws {
    let cutOff = BoardReach(redis: false, database: false)
    let verdicts = try verdicts(["us": ["database": SnapshotMaking.failing(forMs: 10)]], board: cutOff)
    #expect(verdicts["us"]?.read.reasons.map(\.code) == [.isolated] && verdicts["us"]?.write.status == .fail)
    #expect(verdicts["eu"]?.read.status == .unknown && verdicts["eu"]?.isStale == true)
    // While Redis still tells of the others it is no isolation.
    let redisOnly = BoardReach(redis: true, database: false)
    let heard = try self.verdicts(["us": ["database": SnapshotMaking.failing(forMs: 10)]], board: redisOnly)
    #expect(heard["us"]?.read.reasons.map(\.code) == [.sharedFate])
  }

  @Test func aRegionThatCannotHearTheOthersButWorksGoesOn() throws {
    let verdicts = try verdicts([:], board: BoardReach(redis: false, database: false))
    #expect(verdicts["us"]?.read.status == .pass && verdicts["eu"]?.read.status == .unknown)
  }

  @Test func silenceIsUnknownAndNeverPass() throws {
    let verdicts = try verdicts([:], ages: ["eu": 15_000, "ap": 15_001])
    #expect(verdicts["eu"]?.read.status == .pass)
    #expect(verdicts["ap"]?.read.status == .unknown && verdicts["ap"]?.isStale == true)
    #expect(verdicts["ap"]?.read.reasons.map(\.code) == [.stale] && verdicts["ap"]?.ageMs == 15_001)
    #expect(verdicts["us"]?.read.status == .pass)
  }

  @Test func aRegionNeverHeardOfIsUnknown() throws {
    let verdict = try #require(
      VerdictEngine.verdicts(
        of: [], drains: [], policy: VerdictPolicy(regions: ["us", "eu"]), own: try RegionName(parsing: "us"),
        board: reached
      ).last)
    #expect(verdict.region == "eu" && verdict.read.status == .unknown && verdict.ageMs == -1)
  }

  @Test(arguments: ["database", "api", "storage:usstorage"])
  func nothingPassesBeforeItWasProbed(component: String) throws {
    let verdicts = try verdicts(["us": [component: SnapshotMaking.Word(read: .unknown)]])
    #expect(verdicts["us"]?.read.status == .unknown && verdicts["us"]?.write.status == .unknown)
  }

  @Test func aBacklogOnlyWarns() throws {
    let verdicts = try verdicts(["us": ["replication": SnapshotMaking.failing(), "later": SnapshotMaking.failing()]])
    #expect(verdicts["us"]?.read.status == .warn && verdicts["us"]?.read.weight == 100)
  }

  @Test func whenAllStoresAreDownNobodyLeaves() throws {
    var words = Dictionary(
      uniqueKeysWithValues: ["us", "eu", "ap"].map { ($0, ["storage:\($0)storage": SnapshotMaking.failing()]) })
    let all = try verdicts(words)
    #expect(all.values.allSatisfy { $0.read.status == .warn && $0.write.status == .warn })
    #expect(all["us"]?.read.reasons.first?.code == .sharedFate)
    // As soon as one is known to do better, the others answer for their own stores.
    words["eu"] = [:]
    #expect(try verdicts(words).values.filter(\.read.servesTraffic).map(\.region) == ["eu"])
  }

  @Test func whenNoRegionWorksTheLeastIllStayIn() throws {
    let words = Dictionary(uniqueKeysWithValues: ["us", "eu", "ap"].map { ($0, ["api": SnapshotMaking.failing()]) })
    let all = try verdicts(words)
    #expect(all.values.filter(\.read.servesTraffic).map(\.region) == ["ap"])
    #expect(all["ap"]?.read.reasons.first?.code == .panicGuard && all["ap"]?.read.weight == 10)
    // The one whose clock is right is less ill than those whose is not.
    var worse = words
    worse["ap"]?["clock"] = SnapshotMaking.failing()
    worse["eu"]?["clock"] = SnapshotMaking.failing()
    #expect(try verdicts(worse).values.filter(\.read.servesTraffic).map(\.region) == ["us"])
    // No more than a third may be out: two stay in.
    let strict = try verdicts(words, policy: VerdictPolicy(maximumOutFraction: 0.34))
    #expect(strict.values.filter(\.read.servesTraffic).count == 2)
  }

  @Test func theLastRegionThatIsHeardOfStaysIn() throws {
    let verdicts = try verdicts(
      ["us": ["storage:usstorage": SnapshotMaking.failing()]], ages: ["eu": 60_000, "ap": 60_000])
    #expect(verdicts["us"]?.read.reasons.first?.code == .panicGuard)
  }

  @Test func aDrainTakesOneDirectionOrBothOut() throws {
    let verdicts = try verdicts([:], drains: [drain("eu"), drain("ap", .write)])
    #expect(verdicts["eu"]?.read.reasons.map(\.code) == [.drained] && verdicts["eu"]?.write.weight == 0)
    #expect(verdicts["ap"]?.read.status == .pass && verdicts["ap"]?.write.servesTraffic == false)
    #expect(verdicts["eu"]?.drain?.reason == "new disks")
  }

  @Test func aDrainCountsAsOutButIsNotUndoneByTheGuard() throws {
    let dead = ["storage:usstorage": SnapshotMaking.failing()]
    let one = try verdicts(["us": dead], drains: [drain("eu")])
    #expect(one["us"]?.read.status == .fail && one["eu"]?.read.status == .fail && one["ap"]?.read.status == .pass)
    // All others fail: the region that was only taken out is the best there is.
    let deadToo = ["storage:apstorage": SnapshotMaking.failing()]
    let two = try verdicts(["us": dead, "ap": deadToo], drains: [drain("eu")])
    #expect(two.values.filter(\.read.servesTraffic).map(\.region) == ["eu"])
    // An operator may take everything out.
    let all = try verdicts([:], drains: ["us", "eu", "ap"].map { drain($0) })
    #expect(!all.values.contains { $0.read.servesTraffic })
  }
}
