import Shared

@testable import HealthService

extension PageSpecimens {
  /// The page that shows a world.
  static func html(
    _ world: World, _ audience: PageAudience, note: String? = nil, templates: PageTemplates
  ) -> String {
    let live = LiveView(
      health: world.health, staleAfterMs: 15_000, picture: world.picture, isDatabaseAway: world.isDatabaseAway,
      pictureAgeMs: world.pictureAgeMs, audience: audience)
    var view = PageView(
      title: "Meridian status", ownRegion: "us", version: templates.version,
      user: audience.isOperator ? "admin" : nil, canLogIn: true)
    view.live = templates.live(live)
    view.note = note
    return String(decoding: templates.page(view), as: UTF8.self)
  }

  /// The page with a form.
  static func html(_ act: ActView, templates: PageTemplates) -> String {
    var view = PageView(
      title: "\(act.title) – Meridian status", ownRegion: "us", version: templates.version, user: "admin",
      canLogIn: true)
    view.act = act
    return String(decoding: templates.page(view), as: UTF8.self)
  }

  /// Every page there is to look at, by the name of its file.
  static func all(templates: PageTemplates) throws -> [(name: String, html: String)] {
    let trouble = try trouble()
    let forms = ActionForms(verdicts: trouble.health.verdicts, statuses: trouble.picture?.statuses ?? [])
    let sent = FormFields(Array("region=us&direction=read&duration=1h&reason=".utf8))
    return [
      ("calm", html(try calm(), .anybody, templates: templates)),
      ("trouble", html(trouble, .anybody, templates: templates)),
      ("superuser", html(trouble, .superuser, note: "Region ap is drained.", templates: templates)),
      ("away", html(try away(), .superuser, templates: templates)),
      ("start", html(try start(), .anybody, templates: templates)),
      ("hostile", html(try hostile(), .superuser, note: hostileText, templates: templates)),
      ("drain", html(forms.view(.drain, "us", token: "t"), templates: templates)),
      (
        "drain-mistakes",
        html(
          forms.view(.drain, "us", token: "t", sent: sent, mistakes: ["Say why: others will want to know."]),
          templates: templates)
      ),
      ("retry", html(forms.view(.retry, "eustorage", token: "t"), templates: templates)),
      ("verify", html(forms.view(.verify, "usstorage", token: "t"), templates: templates)),
      ("undrain", html(forms.view(.undrain, "ap", token: "t"), templates: templates)),
    ]
  }
}
