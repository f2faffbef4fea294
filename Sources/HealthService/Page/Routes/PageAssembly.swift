import Logging
import ServiceLifecycle
import Shared

/// Puts the page together from what the health service has.
struct PageAssembly: Sendable {
  /// The routes, to be asked before anything is said not to be there.
  let routes: PageRoutes
  /// What reads the figures in the background.
  let beat: PictureBeat

  /// Makes the page; `announce` rings the doorbell for jobs that are sent on.
  init(
    configuration: Configuration, state: HealthState, catalog: Catalog,
    announce: @escaping @Sendable ([JobAnnouncement]) async -> Void, clock: HealthClock = .system, logger: Logger
  ) throws {
    let keeper = PictureKeeper()
    let templates = try PageTemplates()
    let isOff = configuration.authentication == .none
    // Where everybody may do everything there is nobody to log in; what the page shows is then for everybody too.
    let directory = SuperuserDirectory(
      names: configuration.superUsers, password: isOff ? nil : configuration.superuserPassword)
    routes = PageRoutes(
      responder: PageResponder(
        templates: templates,
        cache: LiveCache(templates: templates, state: state, keeper: keeper, clock: clock),
        state: state, keeper: keeper,
        access: PageAccess(
          directory: directory, secretKey: configuration.secretKey, password: configuration.superuserPassword,
          now: { clock.wallMs() / 1000 }),
        operations: .through(catalog, announce: announce),
        details: isOff ? .everybody : DetailsAudience(configuration.health.details),
        logger: logger))
    beat = PictureBeat(
      catalog: catalog, keeper: keeper, clock: clock, writesHistory: configuration.registryState != .readonly,
      logger: logger)
  }
}
