import DebianPackages
package import HostSystem

/// apt's own opinion of a plan: the exact sets are given to `apt-get -s`, and it must neither add to them nor take away.
///
/// apt is asked as an ordinary user, about the records of the plan's root; the administrator's settings for
/// recommendations, the default release, pins and automatic removal do not count. It knows nothing of holds in a
/// simulation, so those are the planner's own.
package struct AptOracle: Sendable {
  package static let path = "/usr/bin/apt-get"

  private let plan: ResetPlan
  private let foreignArchitectures: [String]

  /// - Parameter foreignArchitectures: those of installed packages besides the native one and `all`.
  package init(_ plan: ResetPlan, foreignArchitectures: [String]) {
    self.plan = plan
    self.foreignArchitectures = foreignArchitectures
  }

  /// What apt would do.
  package struct Simulation: Sendable, Equatable {
    /// `name:architecture` of what would be removed or purged.
    package var removed: Set<String> = []
    /// `name:architecture` of what would be unpacked, with the version.
    package var installed: [String: String] = [:]
  }

  /// The arguments after `apt-get`; nil for a plan that changes no package.
  package var arguments: [String]? {
    let removals = plan.packages.remove.filter { $0.class != .configFiles }.map {
      qualified($0.name, $0.architecture) + "-"
    }
    let installations = plan.packages.install.map { qualified($0.name, $0.architecture) + "=" + $0.version }
    let downgrades = plan.packages.downgrade.map { qualified($0.name, $0.architecture) + "=" + $0.to }
    guard !(removals + installations + downgrades).isEmpty else { return nil }
    let root = plan.system.root == "/" ? "" : plan.system.root
    var settings = [
      "Debug::NoLocking=1", "APT::Install-Recommends=0", "APT::Install-Suggests=0", "APT::Default-Release=",
      "APT::Get::AutomaticRemove=0", "APT::Get::Purge=0", "APT::Get::Fix-Broken=0", "APT::Get::Upgrade=1",
      "APT::Get::Show-User-Simulation-Note=0", "APT::Get::HideAutoRemove=1", "Dir::Etc::Preferences=/dev/null",
      "Dir::Etc::PreferencesParts=/dev/null", "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=",
      "APT::Architecture=\(plan.system.architecture)",
      "Dir::State::status=\(root)/var/lib/dpkg/status",
      "Dir::State::extended_states=\(root)/var/lib/apt/extended_states",
      "Dir::State::lists=\(root)/var/lib/apt/lists",
      "Dir::Etc::SourceList=\(root)/etc/apt/sources.list", "Dir::Etc::SourceParts=\(root)/etc/apt/sources.list.d",
      "Dir::Etc::Trusted=\(root)/etc/apt/trusted.gpg", "Dir::Etc::TrustedParts=\(root)/etc/apt/trusted.gpg.d",
      "APT::Architectures::=\(plan.system.architecture)",
    ]
    settings += foreignArchitectures.sorted().map { "APT::Architectures::=\($0)" }
    return ["-s", "-q", "-y"] + settings.flatMap { ["-o", $0] } + (downgrades.isEmpty ? [] : ["--allow-downgrades"])
      + ["install", "--"] + installations + downgrades + removals
  }

  private func qualified(_ name: String, _ architecture: String) -> String {
    architecture == "all" || architecture.isEmpty ? name : "\(name):\(architecture)"
  }

  /// Reads what `apt-get -s` printed: `Remv name[:arch] [version]`, `Purg ...`, `Inst name[:arch] [old] (new ...)`.
  static func simulation(_ output: String) -> Simulation {
    var result = Simulation()
    for line in output.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 2 else { continue }
      switch words[0] {
      case "Remv", "Purg": result.removed.insert(String(words[1]))
      case "Inst":
        let version = line.firstIndex(of: "(").map { line[line.index(after: $0)...].prefix { $0 != " " && $0 != ")" } }
        result.installed[String(words[1])] = version.map(String.init) ?? ""
      default: continue
      }
    }
    return result
  }

  /// Where apt's opinion differs from the plan; empty where it agrees.
  package func disagreements(_ simulation: Simulation) -> [String] {
    // apt names a package without its architecture where that is the native one.
    func keys(_ name: String, _ architecture: String) -> Set<String> { [name, "\(name):\(architecture)"] }
    let removals = plan.packages.remove.filter { $0.class != .configFiles }
    let wantedRemovals = removals.map { keys($0.name, $0.architecture) }
    let wantedInstallations =
      plan.packages.install.map { (keys($0.name, $0.architecture), $0.version) }
      + plan.packages.downgrade.map { (keys($0.name, $0.architecture), $0.to) }
    let allRemovals = wantedRemovals.reduce(into: Set<String>()) { $0.formUnion($1) }
    let allInstallations = wantedInstallations.reduce(into: Set<String>()) { $0.formUnion($1.0) }
    var result: [String] = []
    for name in simulation.removed.subtracting(allRemovals).sorted() { result.append("apt would also remove \(name)") }
    for keys in wantedRemovals where simulation.removed.isDisjoint(with: keys) {
      result.append("apt would not remove \(keys.max() ?? "")")
    }
    for name in Set(simulation.installed.keys).subtracting(allInstallations).sorted() {
      result.append("apt would also install \(name)")
    }
    for (keys, version) in wantedInstallations {
      let found = keys.compactMap { simulation.installed[$0] }.first
      if found != version { result.append("apt would not install \(keys.max() ?? "") in version \(version)") }
    }
    return result
  }

  /// Asks apt.
  /// - Returns: what stands in the way of the plan; empty where apt agrees.
  /// - Throws: ``ChildProcess/Failure``, when there is no apt-get to ask.
  package func blockers() throws(ChildProcess.Failure) -> [ResetPlan.Blocker] {
    guard let arguments else { return [] }
    let outcome = try ChildProcess.run(
      Self.path, arguments, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"])
    var disagreements = disagreements(Self.simulation(outcome.output))
    if outcome.status != 0 {
      let said = outcome.errors.split(separator: "\n").first { $0.hasPrefix("E:") } ?? "E: code \(outcome.status)"
      disagreements.insert("apt-get -s refused: \(said.dropFirst(3))", at: 0)
    }
    return disagreements.prefix(20).map {
      ResetPlan.Blocker(id: "apt-disagrees", message: $0.harmless, subject: "apt-get -s", override: nil)
    }
  }
}
