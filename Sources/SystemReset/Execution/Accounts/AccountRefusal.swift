package import HostSystem

/// Why a home is not moved.
package enum HomeObstacle: Sendable, Equatable {
  /// It is not absolute, or has `..` in it.
  case noAbsolutePath
  /// It is a directory of the system, or lies in one.
  case systemDirectory(String)
  /// It is another account's too.
  case sharedWith(String)
  /// The home of another account lies in it.
  case holdsHomeOf(String)
  /// A step of its path is a symbolic link, or it is one itself.
  case link(String)
  /// It, or a step of its path, is no directory.
  case noDirectory(String)
  /// A directory above it can be changed by others than root.
  case unsafeParent(String, userID: UInt32)
  /// It belongs to another account.
  case otherOwner(UInt32)
  /// A file system or a bind mount begins at it.
  case mountPoint
  /// One begins below it.
  case mountBelow(String)
  /// It lies on a file system that is not the machine's own.
  case foreignFilesystem(String)
  /// Something encrypts or keeps it and must be asked first.
  case kept(String)
  /// The kernel encrypts it (fscrypt): its key goes with the login.
  case encrypted
  /// The list of mounts could not be read.
  case mountsUnknown
  /// Another directory has its name now.
  case replaced
  /// It is neither where it belongs nor where it was moved to.
  case vanished

  package var reason: String {
    switch self {
    case .noAbsolutePath: "is no absolute path"
    case .systemDirectory(let path): "is a directory of the system, or lies in one (\(path))"
    case .sharedWith(let name): "is the home of \(name) too"
    case .holdsHomeOf(let name): "holds the home of \(name)"
    case .link(let path): "is reached through a symbolic link, or is one (\(path))"
    case .noDirectory(let path): "is no directory (\(path))"
    case .unsafeParent(let path, let userID): "lies in \(path), which user id \(userID) or others may change"
    case .otherOwner(let userID): "belongs to user id \(userID)"
    case .mountPoint: "is a mount point"
    case .mountBelow(let path): "contains a mount point (\(path))"
    case .foreignFilesystem(let type): "lies on a file system of the type \(type)"
    case .kept(let reason): reason
    case .encrypted: "is encrypted by the file system"
    case .mountsUnknown: "cannot be judged: the list of mounts is not readable"
    case .replaced: "is another directory than when it was looked at"
    case .vanished: "is neither where it belongs nor where it was moved to"
    }
  }
}

/// Why an account is left wholly as it is.
package enum AccountRefusal: ReportableError, Equatable {
  /// There is no local account of the name.
  case notThere(name: String)
  /// It is root, or has its id.
  case superuser(name: String)
  /// Another line has the same user id.
  case sharedID(name: String, uid: UInt32, other: String)
  /// It has no line in shadow.
  case noPassword(name: String)
  /// Its home is not moved.
  case home(name: String, path: String, HomeObstacle)
  /// Programs of its run.
  case processes(name: String, count: Int, example: String)
  /// Programs run with ids that only its containers have.
  case containers(name: String, count: Int, example: String)
  /// systemd keeps a session or its own manager for it.
  case session(name: String)
  /// It could not be found out whether programs of its run.
  case processesUnknown(name: String)
  /// An earlier run keeps it.
  case alreadyKept(name: String, run: String)
  /// The account's line changed since it was looked at.
  case changed(name: String, file: String)
  /// Its name makes no directory.
  case unusableName(name: String)

  package var failureKind: FailureKind { .refused }

  package var message: String {
    switch self {
    case .notThere(let name): "there is no local account '\(name)'"
    case .superuser(let name): stays(name, "it is the superuser")
    case .sharedID(let name, let uid, let other): stays(name, "it shares the user id \(uid) with \(other)")
    case .noPassword(let name): stays(name, "it has no line in /etc/shadow; check with pwck(8)")
    case .home(let name, let path, let obstacle): stays(name, "its home '\(path)' \(obstacle.reason)")
    case .processes(let name, let count, let example):
      stays(name, "\(count) of its processes run (\(example)); end them first")
    case .containers(let name, let count, let example):
      stays(name, "\(count) processes run in its containers (\(example)); end them first")
    case .session(let name): stays(name, "it is logged in, or lingers; 'loginctl terminate-user' ends that")
    case .processesUnknown(let name): stays(name, "it cannot be told whether its processes run: /proc is not readable")
    case .alreadyKept(let name, let run): stays(name, "the run \(run) keeps an account of this name")
    case .changed(let name, let file): stays(name, "its line in \(file) changed meanwhile")
    case .unusableName(let name): stays(name, "its name is too long for a directory")
    }
  }

  private func stays(_ name: String, _ reason: String) -> String { "the account '\(name)' is left as it is: \(reason)" }
}

/// What stands in the way of bringing an account back; nothing was changed.
package enum RestoreClash: ReportableError, Equatable {
  /// Its line is no longer the one that was left there.
  case lineChanged(name: String, file: String)
  /// Another account has the user id.
  case uidTaken(name: String, uid: UInt32, by: String)
  /// The name belongs to another user id.
  case nameTaken(name: String, uid: UInt32)
  /// Another group has the id of its primary group, or the name.
  case gidTaken(name: String, gid: UInt32, by: String)
  /// Something has the path that belongs to the account.
  case pathTaken(name: String, path: String)
  /// Another account has some of its subordinate ids.
  case subordinateTaken(name: String, file: String, by: String)
  /// What was moved aside is not where it was moved to.
  case missing(name: String, path: String)

  package var failureKind: FailureKind { .refused }

  package var message: String {
    switch self {
    case .lineChanged(let name, let file):
      "'\(name)': its line in \(file) was changed since it was locked; nothing was changed, correct the line by hand"
    case .uidTaken(let name, let uid, let other):
      "'\(name)': its user id \(uid) belongs to \(other) now; nothing was changed"
    case .nameTaken(let name, let uid):
      "'\(name)': an account of this name with user id \(uid) is there now; nothing was changed"
    case .gidTaken(let name, let gid, let other):
      "'\(name)': its group id \(gid), or the group's name, belongs to the group \(other) now; nothing was changed"
    case .pathTaken(let name, let path):
      "'\(name)': \(path) is there again; nothing was changed, move it elsewhere first"
    case .subordinateTaken(let name, let file, let other):
      "'\(name)': some of its subordinate ids belong to \(other) now (\(file)); nothing was changed"
    case .missing(let name, let path):
      "'\(name)': \(path) is not there, where it was moved to; nothing was changed"
    }
  }
}
