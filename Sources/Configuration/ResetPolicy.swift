package import HostSystem

/// The administrator's standing wishes for `toolbox reset`: `/etc/toolbox/reset.yaml`.
///
/// ```yaml
/// keep: [htop, "nvidia-*"]      # packages that stay with all they need
/// remove: [popularity-contest]  # packages that go, stock or not
/// protect-users: [anna]         # accounts that are never planned for
/// keep-kernels: 2               # how many of the newest kernels stay
/// baseline: /srv/stock.json     # what counts as stock
/// ```
package struct ResetPolicy: Sendable, Equatable {
  package var keep: [Located<String>] = []
  package var remove: [Located<String>] = []
  package var protectUsers: [Located<String>] = []
  package var keepKernels: Located<Int>?
  package var baseline: Located<String>?

  package static let path = "/etc/toolbox/reset.yaml"
  static let keys = ["keep", "remove", "protect-users", "keep-kernels", "baseline"]

  /// No wishes.
  package init() {}

  /// - Parameter path: for messages and for the places of the values.
  /// - Throws: ``ConfigurationError``
  package init(parsing bytes: [UInt8], path: String) throws(ConfigurationError) {
    let file = try YAMLFile(bytes, path: path)
    try file.require(onlyKeys: Self.keys)
    keep = try file.strings("keep")
    remove = try file.strings("remove")
    protectUsers = try file.strings("protect-users")
    keepKernels = try file.number("keep-kernels", minimum: 1)
    baseline = try file.string("baseline")
  }

  /// Reads the policy of a root, or the file that was named instead.
  ///
  /// A policy decides what goes, so the file must belong to root or to the caller, and nobody else may write it.
  /// - Parameter file: a path of the host; nil for the root's own policy, which may be absent.
  /// - Throws: ``ConfigurationError``, ``FileError``
  package static func read(root: RootDirectory, file: String?, userID: UInt32) throws -> ResetPolicy {
    let source = file == nil ? root : RootDirectory()
    let path = file ?? Self.path
    guard
      let bytes = file == nil ? try source.readIfPresent(path, limit: 1 << 20) : try source.read(path, limit: 1 << 20)
    else { return ResetPolicy() }
    let status = try source.status(of: path)
    let shown = source.hostPath(path)
    guard status.userID == 0 || status.userID == userID else {
      throw ConfigurationError.unsafeFile(
        path: shown, what: "it belongs to user id \(status.userID), not to root or to you")
    }
    guard !status.isWritableByOthers else {
      throw ConfigurationError.unsafeFile(
        path: shown, what: "others than its owner may write it; run 'chmod go-w' on it")
    }
    return try ResetPolicy(parsing: bytes, path: shown)
  }
}
