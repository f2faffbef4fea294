import Shared

/// Quay's health answer: `{"data":{"services":{name:bool}},"status_code":200}` (quay/quay, health/services.py and
/// health/healthcheck.py).
///
/// The names are Quay's. A service's word is what was seen of it; the status is the verdict on this region, so that a
/// fault every region shares is shown and takes nothing out (I10).
struct QuayHealthBody: Equatable {
  let services: [String: Bool]
  let code: Int

  /// `/health/instance`: whether this region serves pulls. `storage` stands in it besides Quay's names, because it decides.
  static func instance(_ view: HealthView) -> QuayHealthBody {
    let snapshot = view.snapshot
    let database = works(snapshot, .database)
    // The canary pull needs a login, a signed token, the registry and its stores.
    let api = works(snapshot, .api)
    return QuayHealthBody(
      services: [
        "auth": api, "database": database, "disk_space": works(snapshot, .disk), "registry_gunicorn": api,
        "service_key": api, "storage": works(snapshot, .storage(snapshot.home)), "web_gunicorn": api,
      ],
      serves: view.own?.read)
  }

  /// `/health/endtoend`: whether this region serves pulls and pushes; other locations' stores by name for who may see them.
  static func endToEnd(_ view: HealthView, showsDetails: Bool) -> QuayHealthBody {
    let snapshot = view.snapshot
    let home = ProbeTarget.storage(snapshot.home)
    var services = [
      "auth": works(snapshot, .api), "database": works(snapshot, .database), "redis": works(snapshot, .redis),
      "storage": works(snapshot, home) && worksForWrites(snapshot, home),
    ]
    for component in snapshot.components where showsDetails && component.component.hasPrefix("storage:") {
      services[component.component] =
        component.status.servesTraffic && component.status(for: .write).servesTraffic
    }
    return QuayHealthBody(services: services, serves: view.own?.both)
  }

  /// `/health/warning`: 503 where the disk is filling up; nothing is taken out for it.
  static func warning(_ view: HealthView) -> QuayHealthBody {
    let status = view.snapshot.component(.disk)?.status ?? .pass
    return QuayHealthBody(services: ["disk_space_warning": status == .pass], code: status == .pass ? 200 : 503)
  }

  /// `/health/dbrevision`: 200 where the database's schema is the program's, else 400, as in Quay (endpoints/web.py).
  static func databaseRevision(_ view: HealthView) -> (code: Int, body: OrderedJSON) {
    let code = view.databaseRevision == view.programRevision ? 200 : 400
    let data: OrderedJSON = .members([
      "db_revision": view.databaseRevision.map { .text(revision($0)) } ?? .null,
      "local_revision": .text(revision(view.programRevision)),
    ])
    return (code, .members(["data": data, "status_code": .integer(Int64(code))]))
  }

  /// The status code and the body.
  var answer: (code: Int, body: OrderedJSON) {
    let services = services.sorted { $0.key < $1.key }.map { OrderedJSON.Member(name: $0.key, value: .bool($0.value)) }
    return (
      code,
      .members([
        "data": .members(["services": .object(services)]), "status_code": .integer(Int64(code)),
      ])
    )
  }

  private init(services: [String: Bool], serves judgement: Judgement?) {
    self.init(services: services, code: judgement?.servesTraffic == true ? 200 : 503)
  }

  private init(services: [String: Bool], code: Int) {
    self.services = services
    self.code = code
  }

  /// What is not probed at all, by configuration, has nothing said against it; what is and is unknown does not work.
  private static func works(_ snapshot: RegionSnapshot, _ target: ProbeTarget) -> Bool {
    snapshot.component(target).map(\.status.servesTraffic) ?? !isAlwaysProbed(target)
  }

  private static func worksForWrites(_ snapshot: RegionSnapshot, _ target: ProbeTarget) -> Bool {
    snapshot.component(target).map { $0.status(for: .write).servesTraffic } ?? false
  }

  private static func isAlwaysProbed(_ target: ProbeTarget) -> Bool {
    switch target {
    case .database, .redis, .storage: true
    default: false
    }
  }

  private static func revision(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
