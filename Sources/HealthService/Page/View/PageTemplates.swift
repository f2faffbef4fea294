import Mustache
import Shared

/// The page's templates, style and script, compiled into the program.
struct PageTemplates: Sendable {
  /// A number of the style and the script that changes with them, so that browsers may keep both.
  let version: String
  let style: [UInt8]
  let script: [UInt8]
  let icon: [UInt8]
  private let library: MustacheLibrary

  /// Parses the templates; throws where one is no template, which a test sees before anybody else.
  init() throws {
    MustacheContentTypes.register(ScalarEscaping(), named: ScalarEscaping.name)
    let sources = [
      "page": PackageResources.page_mustache, "live": PackageResources.live_mustache,
      "badge": PackageResources.badge_mustache, "chart": PackageResources.chart_mustache,
      "act": PackageResources.act_mustache,
    ]
    var templates: [String: MustacheTemplate] = [:]
    for (name, bytes) in sources {
      // Every template says it for itself: a partial does not take over how its surroundings escape.
      let text = "{{% CONTENT_TYPE:\(ScalarEscaping.name)}}" + String(decoding: bytes, as: UTF8.self)
      templates[name] = try MustacheTemplate(string: text)
    }
    library = MustacheLibrary(templates: templates)
    (style, script, icon) = (
      PackageResources.style_css, PackageResources.script_js, PackageResources.icon_svg
    )
    version = String(Digest(of: style + script).hex.prefix(12))
  }

  /// What changes by itself.
  func live(_ view: LiveView) -> String { library.render(view, withTemplate: "live") ?? "" }

  /// The whole page.
  func page(_ view: PageView) -> [UInt8] { Array((library.render(view, withTemplate: "page") ?? "").utf8) }
}

/// The whole page: the frame, and either what changes by itself or a form.
struct PageView: Sendable {
  let title: String
  let ownRegion: String
  let version: String
  /// How often browsers without JavaScript are to load the page again; nil for never.
  var refreshSeconds: String?
  /// The superuser who is logged in.
  var user: String?
  let canLogIn: Bool
  /// What the last action came to.
  var note: String?
  /// What `PageTemplates.live` has written; goes into the page as it is.
  var live: String?
  var act: ActView?
}
