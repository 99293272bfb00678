import BundledData
import DataTree

/// What `Data/reset/accounts.yaml` says of accounts and homes.
struct AccountRules: Sendable {
  /// Files of an account outside of its home.
  struct Belonging: Sendable, Equatable {
    let kind: String
    let directory: String
    /// The file's name, `{name}` for the account's; nil for all files there that belong to the account.
    let file: String?
  }

  let systemDirectories: Set<String>
  /// With a slash at the end.
  let systemTrees: [String]
  let foreignFilesystems: [NamePattern]
  /// Paths below a home that tell that somebody keeps it, and the words for it.
  let homeKeepers: [(path: String, reason: String)]
  let belongings: [Belonging]
  let lockedShell: String
  let softResetKeep: Set<String>
  let rescueShells: [String]

  /// The rules that the program comes with.
  static let shipped = AccountRules()

  private init() {
    let tree = BundledFile.at("reset/accounts.yaml")?.tree
    systemDirectories = Set(tree?.strings("system-directories") ?? [])
    systemTrees = tree?.strings("system-trees") ?? []
    foreignFilesystems = (tree?.strings("foreign-filesystems") ?? []).map(NamePattern.init)
    homeKeepers = (tree?["home-keepers"]?.items ?? []).map { ($0.string("path") ?? "", $0.string("reason") ?? "") }
    belongings = (tree?["belongings"]?.items ?? []).map {
      Belonging(kind: $0.string("kind") ?? "", directory: $0.string("directory") ?? "", file: $0.string("file"))
    }
    lockedShell = tree?.string("locked-shell") ?? ""
    softResetKeep = Set(tree?.strings("soft-reset-keep") ?? [])
    rescueShells = tree?.strings("rescue-shells") ?? []
  }
}
