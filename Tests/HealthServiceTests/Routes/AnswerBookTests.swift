import Foundation
import NIOCore
import Shared
import Testing

@testable import HealthService

@Suite("Answers say the verdict first, and details to whom may see them")
struct AnswerBookTests {
  private func answer(
    _ view: HealthView, _ endpoint: HealthEndpoint, _ format: HealthFormat = .plain, details: Bool = false
  ) -> (code: Int, text: String) {
    let answer = AnswerBook(view: view, madeAt: .now).answer(
      AnswerKey(endpoint: endpoint, format: format, showsDetails: details))
    return (answer.code, String(buffer: answer.body))
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func aRegionThatServesReadsOnly() throws {
    let view = try ViewFixture.view(verdicts: [
      ViewFixture.verdict("us", write: ViewFixture.failing("no room on disk 7", "storage:usstorage"))
    ])
    #expect(answer(view, .region("us", .read)).code == 200)
    #expect(answer(view, .region("us", .write)).code == 503)
    let both = answer(view, .region("us", .both))
    #expect(both.code == 503)
    #expect(
      both.text.hasPrefix(
        #"{"region":"us","for":"both","status":"fail","serves":false,"weight":0,"read":{"status":"pass""#))
    #expect(!both.text.contains("disk 7") && !both.text.contains("usstorage"))
    #expect(both.text.contains(#""code":"component_failed","component":"storage""#))
    #expect(answer(view, .region("us", .both), details: true).text.contains("no room on disk 7"))
  }

  @Test func theVerdictStandsInTheFirstKilobyteWhateverElseThereIs() throws {
    let reasons = (0..<200).map {
      Reason(code: .remoteFailed, component: "storage:x\($0)", text: String(repeating: "y", count: 200))
    }
    let verdict = RegionVerdict(
      region: "us", read: Judgement(status: .warn, weight: 50, reasons: reasons),
      write: Judgement(status: .fail, reasons: reasons), ageMs: 5)
    for format in [HealthFormat.plain, .healthJSON] {
      let text = answer(try ViewFixture.view(verdicts: [verdict]), .region("us", .read), format, details: true).text
      #expect(text.utf8.count > 10_000)
      #expect(String(text.prefix(1024)).contains(#""status":"warn""#))
    }
    let text = answer(try ViewFixture.view(verdicts: [verdict]), .region("us", .write)).text
    #expect(String(text.prefix(200)).contains(#""serves":false"#))
  }

  @Test func unknownIsNotWellAndUnheardOfIsNotThere() throws {
    let stale = RegionVerdict(
      region: "eu", read: Judgement(status: .unknown, reasons: [Reason(code: .stale, text: "20 s old")]),
      write: Judgement(status: .unknown), ageMs: 20_000, isStale: true)
    let view = try ViewFixture.view(verdicts: [ViewFixture.verdict("us"), stale])
    #expect(answer(view, .region("eu", .both)).code == 503)
    #expect(answer(view, .region("ap", .both)).code == 404)
    let regions = try json(answer(view, .regions).text)
    #expect((regions["regions"] as? [[String: Any]])?.map { $0["region"] as? String } == ["us", "eu"])
  }

  @Test func quaysBodiesKeepQuaysNames() throws {
    let seen = [
      ViewFixture.component(.database), ViewFixture.component(.storage(try LocationID(parsing: "usstorage"))),
      ViewFixture.component(.storage(try LocationID(parsing: "eustorage")), .fail),
      ViewFixture.component(.redis, .fail),
      ViewFixture.component(.api), ViewFixture.component(.disk),
    ]
    let view = try ViewFixture.view(seen)
    #expect(
      answer(view, .instance).text
        == #"{"data":{"services":{"auth":true,"database":true,"disk_space":true,"registry_gunicorn":true,"service_key":true,"storage":true,"web_gunicorn":true}},"status_code":200}"#
        + "\n")
    #expect(
      answer(view, .endToEnd).text
        == #"{"data":{"services":{"auth":true,"database":true,"redis":false,"storage":true}},"status_code":200}"# + "\n"
    )
    let details = answer(view, .endToEnd, details: true)
    #expect(details.text.contains(#""storage:eustorage":false,"storage:usstorage":true"#))
    let down = try ViewFixture.view(seen, verdicts: [ViewFixture.verdict("us", read: ViewFixture.failing("gone"))])
    #expect(answer(down, .instance).code == 503 && answer(down, .instance).text.contains(#""status_code":503"#))
  }

  @Test func warningAndRevisionAreQuays() throws {
    let low = try ViewFixture.view([ViewFixture.component(.disk, .warn), ViewFixture.component(.database)])
    #expect(answer(low, .warning).code == 503)
    #expect(
      answer(low, .warning).text == #"{"data":{"services":{"disk_space_warning":false}},"status_code":503}"# + "\n")
    #expect(answer(low, .databaseRevision).code == 400)
    #expect(answer(low, .databaseRevision).text.contains(#""db_revision":null"#))
    let current = try ViewFixture.view([
      ViewFixture.component(.disk),
      ViewFixture.component(.database, values: ["revision": Double(low.programRevision)]),
    ])
    #expect(answer(current, .warning).code == 200)
    #expect(answer(current, .databaseRevision).code == 200)
  }

  @Test func healthJSONIsTheDraftsShape() throws {
    let view = try ViewFixture.view([
      ViewFixture.component(.storage(try LocationID(parsing: "usstorage")), .fail, reason: "refused", write: .fail),
      ViewFixture.component(.storage(try LocationID(parsing: "eustorage"))), ViewFixture.component(.redis, .unknown),
    ])
    let plain = answer(view, .endToEnd, .healthJSON)
    let document = try json(plain.text)
    #expect(document["status"] as? String == "pass" && document["serviceId"] as? String == "us")
    let checks = try #require(document["checks"] as? [String: [[String: Any]]])
    #expect(checks["storage:responseTime"]?.count == 1)
    #expect(checks["redis:responseTime"]?.first?["status"] as? String == "fail")
    #expect(checks["storage:writes"]?.first?["status"] as? String == "fail")
    #expect(!plain.text.contains("refused") && !plain.text.contains("eustorage"))
    let detailed = answer(view, .endToEnd, .healthJSON, details: true).text
    #expect(detailed.contains(#""output":"refused""#) && detailed.contains("eustorage"))
  }

  @Test func readyIsWhoHasLooked() throws {
    let database = ViewFixture.component(.database, .fail)
    #expect(answer(try ViewFixture.view([database]), .readyz).code == 200)
    let unseen = ViewFixture.component(.redis, .unknown, observedAtMs: 0)
    #expect(answer(try ViewFixture.view([database, unseen]), .readyz).code == 503)
    #expect(answer(try ViewFixture.view(), .readyz).code == 503)
    #expect(answer(try ViewFixture.view(), .livez).code == 200)
  }

  @Test func whoDrainedAndWhyIsADetail() throws {
    let drain = RegionDrain(
      region: "us", direction: .both, reason: "new switch", by: "admin", sinceMs: 784_111_777_000, untilMs: nil)
    let drained = Judgement(status: .fail, reasons: [Reason(code: .drained, text: "new switch")])
    let view = try ViewFixture.view(verdicts: [ViewFixture.verdict("us", read: drained, write: drained, drain: drain)])
    let text = answer(view, .region("us", .both)).text
    #expect(text.contains(#""drain":{"direction":"both","since":"1994-11-06T08:49:37Z"}"#))
    #expect(!text.contains("switch") && !text.contains("admin"))
    #expect(answer(view, .region("us", .both), details: true).text.contains(#""reason":"new switch","by":"admin""#))
  }
}
