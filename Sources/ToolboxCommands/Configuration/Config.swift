import ArgumentParser
import Configuration
import HostSystem
import PerfReference
import TerminalOutput

/// A command that reads the configuration files itself, mistakes and all.
protocol ReadsConfiguration: ParsableCommand {}

/// `toolbox config`: the settings in force, and mistakes in their files.
struct Config: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Show the settings in force, or check their files.",
    subcommands: [Show.self, Check.self], defaultSubcommand: Show.self)

  /// `toolbox config show`
  struct Show: ReadsConfiguration {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show every setting with its value, and where the value comes from.")

    @OptionGroup var output: OutputOptions

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let found = ConfigurationFindings(context)
      if let error = found.errors.first { throw error }
      let document = SettingsDocument(found)
      if output.json {
        try context.printJSON(document)
      } else {
        var table = TextTable()
        for setting in document.settings {
          table.add([
            .init(setting.key), .init(setting.value.joined(separator: ", ").harmless),
            .init(setting.value.isEmpty ? "not set" : setting.source.harmless),
          ])
        }
        context.standardOutput.lines(
          table.lines(width: context.textWidth ?? 10_000, paint: Paint(context.terminal)))
      }
      for file in found.files where file.state == .ignored { context.noteIgnored(file) }
      try context.finish()
    }
  }

  /// `toolbox config check`
  struct Check: ReadsConfiguration {
    static let configuration = CommandConfiguration(
      commandName: "check", abstract: "Check the configuration files; silent when they are right.",
      discussion: "Every mistake is told with its file, line and column, and the command ends with 65.")

    @OptionGroup var output: OutputOptions

    func run() throws {
      let context = CommandContext.live(color: output.color)
      let found = ConfigurationFindings(context)
      let recipes = OwnRecipes.read(environment: context.environment, userID: context.userID).notices
      let errors = found.errors.map(\.message) + recipes
      if output.json {
        try context.printJSON(
          ConfigurationCheckDocument(files: found.files.map(SettingsDocument.File.init), errors: errors))
      } else {
        for error in errors { context.standardError.line("toolbox: config: \(error.harmless)") }
        for file in found.files where file.state == .ignored { context.noteIgnored(file) }
      }
      try context.finish()
      if !errors.isEmpty { throw ExitStatus.badData.exitCode }
    }
  }
}

/// All configuration files as they are found: the settings, and the policy of `toolbox reset`.
struct ConfigurationFindings {
  var settings: Settings
  var policy = ResetPolicy()
  var files: [ConfigurationReading.File]
  var errors: [any ReportableError]

  init(_ context: CommandContext) {
    let reading = ConfigurationReading(environment: context.environment, userID: context.userID)
    (settings, files, errors) = (reading.settings, reading.files, reading.errors)
    let root = RootDirectory()
    let isThere = root.exists(ResetPolicy.path)
    do {
      policy = try ResetPolicy.read(root: root, file: nil, userID: context.userID)
      files.append(.init(path: ResetPolicy.path, state: isThere ? .read : .absent))
    } catch {
      files.append(.init(path: ResetPolicy.path, state: .wrong))
      errors.append(
        error as? any ReportableError
          ?? ConfigurationError.notYAML(
            path: ResetPolicy.path, line: 1, column: 1, what: "\(error)"))
    }
  }
}

/// Every setting, its value and its place; schema `toolbox.config.settings/1`.
struct SettingsDocument: Encodable {
  struct Setting: Encodable {
    let key: String
    /// Several for a list; empty where nothing is set and nothing is the default.
    let value: [String]
    /// `path:line`, or `default`.
    let source: String
  }

  struct File: Encodable {
    let path: String
    let state: String
    let why: String?

    init(_ file: ConfigurationReading.File) {
      (path, state, why) = (file.path, file.state.rawValue, file.why)
    }

    enum CodingKeys: String, CodingKey { case path, state, why }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(path, forKey: .path)
      try container.encode(state, forKey: .state)
      try container.encode(why, forKey: .why)
    }
  }

  let schema = "toolbox.config.settings/1"
  let settings: [Setting]
  let files: [File]

  init(_ found: ConfigurationFindings) {
    func one(_ key: String, _ value: Located<String>?, default: String?) -> Setting {
      Setting(key: key, value: (value?.value ?? `default`).map { [$0] } ?? [], source: value?.place ?? "default")
    }
    func several(_ key: String, _ values: [Located<String>]) -> Setting {
      Setting(key: key, value: values.map(\.value), source: values.first?.place ?? "default")
    }
    let (settings, policy) = (found.settings, found.policy)
    self.settings = [
      one("color", settings.color, default: "auto"),
      one("kernel.database", settings.kernelDatabase, default: nil),
      one("kernel.interval", settings.kernelInterval, default: "1h"),
      several("kernel.feeds", settings.kernelFeeds),
      several("reset.keep", policy.keep), several("reset.remove", policy.remove),
      several("reset.protect-users", policy.protectUsers),
      one(
        "reset.keep-kernels", policy.keepKernels.map { Located(value: String($0.value), place: $0.place) }, default: nil
      ),
      one("reset.baseline", policy.baseline, default: nil),
    ]
    files = found.files.map(File.init)
  }
}

/// What is wrong with the configuration; schema `toolbox.config.check/1`.
struct ConfigurationCheckDocument: Encodable {
  let schema = "toolbox.config.check/1"
  let files: [SettingsDocument.File]
  let errors: [String]
}

extension CommandContext {
  /// One line for a file that is there and does not count.
  func noteIgnored(_ file: ConfigurationReading.File) {
    standardError.line("toolbox: \(file.path): ignored, since \(file.why ?? "it is not safe")".harmless)
  }
}
