// The umbrella over the areas of the shared library: an executable writes `import Shared` and has them all.
@_exported public import SharedCatalog
@_exported public import SharedConfig
@_exported public import SharedHealth
@_exported public import SharedIdentity
@_exported public import SharedModel
@_exported public import SharedObservability
@_exported public import SharedPlacement
@_exported public import SharedQueue
@_exported public import SharedStartup
@_exported public import SharedStorage
@_exported public import SharedWebhook
