import ArgumentParser
import Configuration
import HostSystem
import SystemReset

extension ActionClass: ExpressibleByArgument {}

/// Which system is meant. The parser takes `--root` for the command above wherever it stands, and hands it on to a command below
/// that has an option group of this very type: another group with an option of that name would silently mean the host.
struct RootOption: ParsableArguments {
  @Option(help: ArgumentHelp("Work on the system below this directory.", valueName: "directory"))
  var root = "/"

  /// The root by its absolute path, so that other programs find it too.
  var rootDirectory: RootDirectory { RootDirectory(absolutePath(root)) }
}

/// Which system is planned for, and what counts as stock there.
struct SystemOptions: ParsableArguments {
  @OptionGroup var place: RootOption

  /// See ``RootOption``.
  var rootDirectory: RootDirectory { place.rootDirectory }

  @Option(
    help: ArgumentHelp(
      "Take this file for what is stock; its format is detected. Further ones add layers, or name removals.",
      valueName: "file"))
  var baseline: [String] = []

  @Option(
    help: ArgumentHelp("Read standing wishes from this file instead of /etc/toolbox/reset.yaml.", valueName: "file"))
  var policy: String?
}

/// What a plan shall touch: everything that a person can ask for.
struct SelectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Touch only this class; may be given several times.", valueName: "class"))
  var only: [ActionClass] = []

  @Option(help: ArgumentHelp("Touch this class too; may be given several times.", valueName: "class"))
  var with: [ActionClass] = []

  @Option(
    help: ArgumentHelp(
      "Keep packages of this name, with all they need; '*' stands for any letters.", valueName: "package"))
  var keep: [String] = []

  @Option(help: ArgumentHelp("Remove packages of this name, with all that needs them.", valueName: "package"))
  var remove: [String] = []

  @Option(help: ArgumentHelp("Install this absent stock package.", valueName: "package"))
  var install: [String] = []

  @Option(help: ArgumentHelp("Do not install this absent stock package.", valueName: "package"))
  var skip: [String] = []

  @Option(help: ArgumentHelp("Keep this account.", valueName: "name"))
  var keepUser: [String] = []

  @Option(
    help: ArgumentHelp("Of the accounts, take away only this one; may be given several times.", valueName: "name"))
  var removeUser: [String] = []

  @Flag(help: "Count accounts that nobody can log in with, too.")
  var systemUsers = false

  @Option(help: ArgumentHelp("The name of the account that is created for you.", valueName: "name"))
  var backupUser: String?

  @Flag(help: "Create no account.")
  var noBackupUser = false

  @Option(help: ArgumentHelp("Keep this many of the newest kernels, and remove the others.", valueName: "number"))
  var keepKernels: Int?

  @Flag(help: "Purge removed packages, but those that keep data of people, such as databases.")
  var purge = false

  @Flag(help: "Accept a baseline that is not certain.")
  var acceptBaseline = false

  mutating func validate() throws {
    if let keepKernels, keepKernels < 1 {
      throw ValidationError("--keep-kernels takes 1 or more: a system needs a kernel.")
    }
    if backupUser != nil, noBackupUser {
      throw ValidationError("--backup-user and --no-backup-user contradict each other.")
    }
    if let name = backupUser, !SelectionOptions.isAccountName(name) {
      throw ValidationError("--backup-user takes a name of a to z, 0 to 9, _ and -, that begins with a letter.")
    }
  }

  /// Names that useradd(8) takes by default.
  static func isAccountName(_ name: String) -> Bool {
    guard let first = name.utf8.first, name.utf8.count <= 32, (0x61...0x7A).contains(first) || first == 0x5F else {
      return false
    }
    return name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2D }
  }

  /// The selection, the policy first and the options after it.
  func selection(_ policy: ResetPolicy) -> Selection {
    var classes = only.isEmpty ? ActionClass.automatic : Set(only)
    classes.formUnion(with)
    if keepKernels != nil || policy.keepKernels != nil { classes.insert(.kernels) }
    var selection = Selection(classes: classes)
    func choices(_ values: [String], _ option: String) -> [Selection.Choice] { values.map { .init($0, from: option) } }
    func choices(_ values: [Located<String>]) -> [Selection.Choice] { values.map { .init($0.value, from: $0.place) } }
    selection.keep = choices(policy.keep) + choices(keep, "--keep")
    selection.remove = choices(policy.remove) + choices(remove, "--remove")
    selection.install = choices(install, "--install")
    selection.skip = choices(skip, "--skip")
    selection.keepUsers = choices(policy.protectUsers) + choices(keepUser, "--keep-user")
    selection.removeUsers = choices(removeUser, "--remove-user")
    selection.systemUsers = systemUsers
    selection.keepKernels = keepKernels ?? policy.keepKernels?.value
    selection.keepKernelsFrom = keepKernels == nil ? policy.keepKernels?.place : "--keep-kernels"
    selection.purge = purge
    selection.acceptBaseline = acceptBaseline
    if noBackupUser {
      selection.backupUser = nil
    } else if let backupUser {
      selection.backupUser = .init(backupUser, from: "--backup-user")
    }
    return selection
  }
}
