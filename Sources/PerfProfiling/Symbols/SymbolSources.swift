import Glibc
package import HostSystem

/// Where files with symbols are looked for.
package struct SymbolSources: Sendable {
  /// The files of the machine that was recorded.
  package var root: RootDirectory
  /// perf's own cache, `~/.debug`; nil where there is none that may be trusted.
  package var cache: RootDirectory?
  /// The cache of debuginfod's client; nil where there is none that may be trusted.
  package var debuginfod: RootDirectory?
  /// Whether the recorded machine may be this one, so that its kernel and processes can be asked.
  package var mayBeThisMachine: Bool
  /// Symbols that were kept beside the recording; they go before everything else.
  package var kept: KeptSymbols?
  /// Where these were read from, for reports.
  package var keptPath: String?
  /// Whether the symbols that a recording needs are to be handed back with its profile.
  package var keepsSymbols = false

  /// - Parameter root: the directory in which the recorded machine's files are (`--symfs`).
  package init(root: RootDirectory = RootDirectory(), environment: [String: String] = [:]) {
    self.root = root
    mayBeThisMachine = root.isHost
    if let home = environment["HOME"], home.hasPrefix("/") {
      cache = Self.trusted(home + "/.debug")
      debuginfod = Self.trusted(environment["DEBUGINFOD_CACHE_PATH"] ?? home + "/.cache/debuginfod_client")
    }
    if cache == nil, !root.isHost { cache = Self.trusted(root.path + "/.debug") }
  }

  /// A directory that belongs to who asks, or to root, and to which nobody else may write.
  private static func trusted(_ path: String) -> RootDirectory? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_mode & 0o022 == 0,
      status.st_uid == geteuid() || status.st_uid == 0
    else { return nil }
    return RootDirectory(path)
  }
}
