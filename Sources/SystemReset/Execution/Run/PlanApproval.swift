import DebianPackages
import Glibc
package import HostSystem

/// A saved plan, read so that nobody but its owner can have written what is read.
package enum ApprovedPlanFile {
  /// - Parameter userID: the caller's effective user id.
  /// - Throws: ``PlanFileError``, ``SavedPlanError``, ``FileError``
  package static func read(_ path: String, userID: UInt32) throws -> ResetPlan {
    let absolute = absolutePath(path)
    let parts = pathComponents(absolute)
    // The directories above, one by one: who may write one of them can put another file there.
    for count in 0..<max(0, parts.count) {
      let directory = "/" + parts.prefix(count).joined(separator: "/")
      let status = try RootDirectory().status(of: directory)
      guard status.userID == 0 || status.userID == userID else {
        throw PlanFileError.unsafe(path: directory, what: "it belongs to user id \(status.userID)")
      }
      // In a sticky directory nobody but the owner can replace a file.
      guard !status.isWritableByOthers || status.mode & 0o1000 != 0 else {
        throw PlanFileError.unsafe(path: directory, what: "others may write it")
      }
    }
    let descriptor = open(absolute, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ELOOP { throw PlanFileError.unsafe(path: absolute, what: "it is a symbolic link") }
      throw FileError(path: absolute, code: errno)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: absolute, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw PlanFileError.unsafe(path: absolute, what: "it is no plain file")
    }
    guard status.st_uid == 0 || status.st_uid == userID else {
      throw PlanFileError.unsafe(path: absolute, what: "it belongs to user id \(status.st_uid)")
    }
    guard status.st_mode & 0o022 == 0 else { throw PlanFileError.unsafe(path: absolute, what: "others may write it") }
    let file = try MappedFile(descriptor: descriptor, path: absolute, limit: 256 << 20)
    return try SavedPlan.decode(file.withBytes { Array($0) }, path: absolute)
  }
}

/// Whether a plan may be carried out: by what it says, and by what was allowed on the command line. Pure.
package struct PlanApproval {
  /// What has to be allowed by name.
  package enum AllowedClass: String, Sendable, CaseIterable {
    case users, purge, snaps, conffiles, repositories
  }

  let plan: ResetPlan

  package init(_ plan: ResetPlan) { self.plan = plan }

  /// What the plan does that has to be allowed by name.
  package var needed: Set<AllowedClass> {
    var needed: Set<AllowedClass> = []
    if !plan.users.remove.isEmpty || !plan.users.create.isEmpty { needed.insert(.users) }
    if plan.packages.remove.contains(where: \.purge) { needed.insert(.purge) }
    if !plan.snaps.remove.isEmpty || !plan.flatpaks.remove.isEmpty { needed.insert(.snaps) }
    if plan.selection.includes(.conffiles), !plan.drift.conffiles.isEmpty { needed.insert(.conffiles) }
    if plan.selection.includes(.repositories), plan.drift.repositories.contains(where: \.enabled) {
      needed.insert(.repositories)
    }
    return needed
  }

  /// Whether there is nothing to carry out.
  package var isEmpty: Bool {
    plan.packages.remove.isEmpty && plan.packages.install.isEmpty && plan.packages.downgrade.isEmpty
      && plan.packages.marks.isEmpty && plan.users.remove.isEmpty && plan.snaps.remove.isEmpty
      && plan.flatpaks.remove.isEmpty && !needed.contains(.conffiles) && !needed.contains(.repositories)
  }

  /// - Throws: ``ApprovalError``
  package func check(
    allowed: Set<AllowedClass>, deletesHomes: Set<String>
  ) throws(ApprovalError) {
    guard plan.blockers.isEmpty else {
      throw .blocked(plan.blockers.map { "\($0.message) (\($0.subject))" })
    }
    let missing = needed.subtracting(allowed)
    guard missing.isEmpty else { throw .notAllowed(missing.map(\.rawValue).sorted()) }
    let going = Set(plan.users.remove.map(\.name))
    let strangers = deletesHomes.subtracting(going)
    guard strangers.isEmpty else { throw .homesNotGoing(strangers.sorted()) }
  }
}

extension SystemSnapshot {
  /// `name:architecture` of the packages of a plan that no archive has in the version that is installed.
  package func unavailable(_ plan: ResetPlan) -> Set<String> {
    var result: Set<String> = []
    for removal in plan.packages.remove where removal.class != .configFiles {
      let isThere = archive.candidates(named: removal.name).contains {
        $0.version.text == removal.version
          && ($0.id.architecture == removal.architecture || $0.id.architecture == "all")
      }
      // A third party's archive may be switched off by the time of an undo.
      if !isThere || removal.class == .thirdParty { result.insert("\(removal.name):\(removal.architecture)") }
    }
    for downgrade in plan.packages.downgrade { result.insert("\(downgrade.name):\(downgrade.architecture)") }
    return result
  }
}

/// A plan file that somebody else could have written.
package enum PlanFileError: ReportableError, Equatable {
  case unsafe(path: String, what: String)

  package var failureKind: FailureKind { .refused }
  package var message: String {
    switch self {
    case .unsafe(let path, let what):
      "\(path): \(what); a plan that is carried out must be root's or yours, in directories that nobody else may write"
    }
  }
}

/// Why a plan is not carried out. Nothing was changed.
package enum ApprovalError: ReportableError, Equatable {
  /// What stands in the way; nothing overrides it here.
  case blocked([String])
  /// Classes that have to be allowed by name.
  case notAllowed([String])
  /// The system differs from what the plan was made for.
  case drifted([String])
  /// Homes that were named and do not belong to an account that goes.
  case homesNotGoing([String])
  /// The file is of another root.
  case otherRoot(plan: String, asked: String)
  /// Nobody typed the host's name.
  case notConfirmed

  package var failureKind: FailureKind {
    switch self {
    case .blocked, .drifted, .notConfirmed: .refused
    case .notAllowed, .homesNotGoing, .otherRoot: .usage
    }
  }

  package var message: String {
    switch self {
    case .blocked(let reasons): "reset: nothing was changed: " + reasons.joined(separator: "; ")
    case .notAllowed(let classes):
      "reset: the plan touches \(classes.joined(separator: ", ")); allow each by name: "
        + classes.map { "--allow \($0)" }.joined(separator: " ")
    case .drifted(let lines):
      "reset: the system is not as it was when the plan was made; nothing was changed, make a new plan: "
        + lines.joined(separator: "; ")
    case .homesNotGoing(let names):
      "reset: --delete-home \(names.joined(separator: ", ")): no account of this name goes in this plan"
    case .otherRoot(let plan, let asked):
      "reset: the plan is for the root \(plan), not for \(asked); name it with --root"
    case .notConfirmed: "reset: the name was not typed; nothing was changed"
    }
  }
}
