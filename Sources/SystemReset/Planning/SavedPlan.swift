import FoundationEssentials
package import HostSystem

/// A plan as a file.
package enum SavedPlan {
  /// Writes a plan where only its owner can read it (mode 0600): the file appears whole or not at all, and a link of that
  /// name is replaced, never followed.
  /// - Throws: ``FileError``
  package static func write(_ plan: ResetPlan, to path: String) throws {
    try PrivateFile.write(try encoded(plan), to: path)
  }

  static func encoded(_ plan: ResetPlan) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return Array(try encoder.encode(plan)) + [0x0A]
  }

  /// The files that decide what a plan says, for telling later which of them changed. Package lists are not among them: they
  /// change every night, and a plan is worth as much as before while it stays the same.
  /// - Throws: ``FileError``
  package static func inputs(of root: RootDirectory) throws(FileError) -> [ResetPlan.Input] {
    let paths = [
      "/var/lib/dpkg/status", "/var/lib/apt/extended_states", "/etc/passwd", "/etc/group", "/etc/toolbox/reset.yaml",
    ]
    var result: [ResetPlan.Input] = []
    for path in paths {
      guard let bytes = try root.readIfPresent(path) else { continue }
      result.append(ResetPlan.Input(path: path, sha256: hexadecimal(HostSystem.sha256(bytes))))
    }
    return result
  }

  /// - Throws: ``FileError``, ``SavedPlanError``
  package static func read(_ path: String) throws -> ResetPlan {
    try decode(try RootDirectory().read(path, limit: 256 << 20), path: path)
  }

  /// - Throws: ``SavedPlanError``
  static func decode(_ bytes: [UInt8], path: String) throws -> ResetPlan {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      let plan = try decoder.decode(ResetPlan.self, from: Data(bytes))
      guard plan.schema == "toolbox.reset.plan/1" else {
        throw SavedPlanError.otherSchema(path: path, found: plan.schema)
      }
      return plan
    } catch let error as DecodingError {
      throw SavedPlanError.notAPlan(path: path, what: Self.describe(error))
    }
  }

  private static func describe(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
    return switch error {
    case .keyNotFound(let key, let context): "'\(place(context.codingPath + [key]))' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "'\(place(context.codingPath))' has another kind"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "it is no JSON" : "'\(place(context.codingPath))' has no meaning"
    @unknown default: "it cannot be read"
    }
  }
}

/// A file that is no plan.
package enum SavedPlanError: ReportableError, Equatable {
  /// What is wrong with it.
  case notAPlan(path: String, what: String)
  /// A document of another kind or version.
  case otherSchema(path: String, found: String)

  package var failureKind: FailureKind { .badData }

  package var message: String {
    switch self {
    case .notAPlan(let path, let what):
      "\(path): no plan of toolbox reset: \(what); make one with 'toolbox reset plan -o'"
    case .otherSchema(let path, let found): "\(path): a document of '\(found)'; expected 'toolbox.reset.plan/1'"
    }
  }
}

/// Where two plans differ: the document `toolbox.reset.difference/1`.
package struct PlanDifference: Sendable, Codable, Equatable {
  package var schema = "toolbox.reset.difference/1"
  /// One sentence for each difference, in the order of the plan's parts.
  package var lines: [String] = []

  package init(from old: ResetPlan, to new: ResetPlan) {
    if old.system != new.system { lines.append("the system is another one, or has changed its name or release") }
    if old.baseline != new.baseline {
      lines.append("the baseline is another one, or explains another number of packages")
    }
    if old.selection != new.selection { lines.append("the selection is another one") }
    compare(old.packages.remove, new.packages.remove, "removal", { "\($0.name):\($0.architecture)" }) {
      "\($0.version), \($0.purge ? "purged, " : "")\($0.class.rawValue), \($0.reason)"
    }
    compare(old.packages.install, new.packages.install, "installation", { $0.name }) {
      "\($0.version) from \($0.origin), \($0.reason)"
    }
    compare(old.packages.downgrade, new.packages.downgrade, "downgrade", { "\($0.name):\($0.architecture)" }) {
      "\($0.from) to \($0.to)"
    }
    compare(old.packages.marks, new.packages.marks, "mark", { "\($0.name):\($0.architecture)" }) { $0.to.rawValue }
    compare(old.packages.missing, new.packages.missing, "missing package", { $0.name }) { $0.reason }
    compare(old.packages.keep, new.packages.keep, "kept package", { "\($0.name):\($0.architecture)" }) { $0.rule }
    compare(old.kernels.remove, new.kernels.remove, "kernel to remove", { $0.release }) {
      $0.packages.joined(separator: " ")
    }
    compare(old.users.remove, new.users.remove, "user to remove", { $0.name }) {
      "id \($0.uid), home \($0.home), \($0.homeAction.rawValue), inode \($0.homeInode ?? 0) of device \($0.homeDevice ?? 0)"
    }
    compare(old.users.keep, new.users.keep, "kept user", { $0.name }) { "id \($0.uid), \($0.reason)" }
    compare(old.users.create, new.users.create, "user to create", { $0.name }) { $0.groups.joined(separator: " ") }
    for (noun, before, after) in [("snap", old.snaps, new.snaps), ("flatpak", old.flatpaks, new.flatpaks)] {
      compare(before.remove, after.remove, "\(noun) to remove", { $0 }) { _ in "goes" }
    }
    if old.selection.includes(.conffiles) || new.selection.includes(.conffiles) {
      compare(old.drift.conffiles, new.drift.conffiles, "configuration file", { $0.path }) {
        "\($0.state.rawValue), of \($0.package)"
      }
    }
    if old.selection.includes(.repositories) || new.selection.includes(.repositories) {
      compare(
        old.drift.repositories, new.drift.repositories, "repository", { "\($0.file):\($0.line) \($0.uri) \($0.suite)" }
      ) {
        $0.enabled ? "enabled" : "off"
      }
    }
    compare(old.blockers, new.blockers, "blocker", { "\($0.id) \($0.subject)" }) { $0.message }
  }

  private mutating func compare<Item>(
    _ old: [Item], _ new: [Item], _ noun: String, _ key: (Item) -> String, _ value: (Item) -> String
  ) {
    let before = Dictionary(old.map { (key($0), value($0)) }, uniquingKeysWith: { first, _ in first })
    let after = Dictionary(new.map { (key($0), value($0)) }, uniquingKeysWith: { first, _ in first })
    for name in Set(before.keys).union(after.keys).sorted() {
      switch (before[name], after[name]) {
      case (.some(let value), nil): lines.append("- \(noun) \(name): \(value)")
      case (nil, .some(let value)): lines.append("+ \(noun) \(name): \(value)")
      case (.some(let old), .some(let new)) where old != new: lines.append("~ \(noun) \(name): \(old) -> \(new)")
      default: continue
      }
    }
  }
}
