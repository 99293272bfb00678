package import HostSystem

/// The settings of the program: `/etc/toolbox/config.yaml`, then `$XDG_CONFIG_HOME/toolbox/config.yaml`, whose values go before.
/// Options of the command line go before both.
///
/// ```yaml
/// color: auto                 # auto, always, never
/// kernel:
///   database: /srv/kernel.sqlite
///   interval: 1h              # of `toolbox kernel watch`
///   feeds: [kernel.org]       # names of the shipped list, or addresses
/// ```
package struct Settings: Sendable, Equatable {
  /// One of ``colors``.
  package var color: Located<String>?
  /// An absolute path.
  package var kernelDatabase: Located<String>?
  /// As `--interval` takes it.
  package var kernelInterval: Located<String>?
  package var kernelFeeds: [Located<String>] = []

  package static let fileName = "config.yaml"
  package static let colors = ["auto", "always", "never"]
  private static let kernelKeys = ["database", "interval", "feeds"]

  /// Nothing is set.
  package init() {}

  /// - Parameter errors: gets every mistake of the file; a value with a mistake counts as not set.
  init(parsing bytes: [UInt8], path: String, errors: inout [ConfigurationError]) {
    func kept<Value>(_ read: () throws(ConfigurationError) -> Value?) -> Value? {
      do { return try read() } catch {
        errors.append(error)
        return nil
      }
    }
    guard let file = kept({ () throws(ConfigurationError) in try YAMLFile(bytes, path: path) }) else { return }
    errors += file.unknownKeys(besides: ["color", "kernel"])
    color = kept { () throws(ConfigurationError) in
      try file.string("color") { Self.colors.contains($0) ? nil : "auto, always or never" }
    }
    guard let kernel = kept({ () throws(ConfigurationError) in try file.section("kernel") }) else { return }
    errors += kernel.unknownKeys(besides: Self.kernelKeys)
    kernelDatabase = kept { () throws(ConfigurationError) in
      try kernel.string("database") { $0.hasPrefix("/") ? nil : "an absolute path" }
    }
    kernelInterval = kept { () throws(ConfigurationError) in
      try kernel.string("interval") { Self.isTime($0) ? nil : "a time such as 30s, 15m, 1h or 1d" }
    }
    kernelFeeds = kept { () throws(ConfigurationError) in try kernel.strings("feeds") } ?? []
  }

  /// A number above 0 with a unit.
  private static func isTime(_ text: String) -> Bool {
    guard let unit = text.last, "smhd".contains(unit), let number = Int32(text.dropLast()) else { return false }
    return number > 0
  }

  /// What another file says goes before.
  mutating func override(with other: Settings) {
    color = other.color ?? color
    kernelDatabase = other.kernelDatabase ?? kernelDatabase
    kernelInterval = other.kernelInterval ?? kernelInterval
    if !other.kernelFeeds.isEmpty { kernelFeeds = other.kernelFeeds }
  }
}

/// The configuration as it is found: the values in force, the files that were looked for, and what is wrong with them.
package struct ConfigurationReading: Sendable {
  /// A file that was looked for.
  package struct File: Sendable, Equatable {
    package enum State: String, Sendable {
      case read, absent, ignored, wrong
    }

    package var path: String
    package var state: State
    /// Why it is ignored; nil for the others.
    package var why: String?

    package init(path: String, state: State, why: String? = nil) {
      self.path = path
      self.state = state
      self.why = why
    }
  }

  package var settings = Settings()
  package var files: [File] = []
  package var errors: [any ReportableError] = []

  /// Reads the settings; nothing is parsed where there are no files.
  ///
  /// A run as root uses no file that others could write: see ``PersonalFiles/refusal(of:userID:root:)``.
  package init(environment: [String: String], userID: UInt32, root: RootDirectory = RootDirectory()) {
    for path in PersonalFiles.folders(Settings.fileName, environment: environment) {
      do {
        guard root.exists(path) else {
          files.append(File(path: path, state: .absent))
          continue
        }
        // Before it is opened: it may be anybody's, and a pipe.
        if let why = PersonalFiles.refusal(of: path, userID: userID, root: root) {
          files.append(File(path: path, state: .ignored, why: why))
          continue
        }
        let bytes = try root.read(path, limit: 1 << 20)
        var wrong: [ConfigurationError] = []
        settings.override(with: Settings(parsing: bytes, path: root.hostPath(path), errors: &wrong))
        errors += wrong as [any ReportableError]
        files.append(File(path: path, state: wrong.isEmpty ? .read : .wrong))
      } catch {
        // What root keeps to itself is not for everybody.
        files.append(File(path: path, state: .ignored, why: error.message))
      }
    }
  }
}
