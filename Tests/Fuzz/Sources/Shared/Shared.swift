// What the parsers of the registry use of the umbrella of the same name in the main package.
@_exported public import SharedConfig
@_exported public import SharedIdentity
@_exported public import SharedModel

/// The catalog's name for an upload session's identifier.
package typealias UploadID = RandomIdentifier
