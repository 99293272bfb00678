import DebianPackages
import HostSystem

extension SystemDriftReader {
  private static let unitDirectory = "/etc/systemd/system"
  private static let packagedUnitDirectories = ["/usr/lib/systemd/system", "/lib/systemd/system"]
  private static let presetDirectories = [
    "/etc/systemd/system-preset", "/usr/local/lib/systemd/system-preset", "/usr/lib/systemd/system-preset",
    "/lib/systemd/system-preset",
  ]
  /// Where Debian's maintainer scripts note what they enabled and masked: without that note it was somebody else.
  private static let helperEnabled = "/var/lib/systemd/deb-systemd-helper-enabled"
  private static let helperMasked = "/var/lib/systemd/deb-systemd-helper-masked"

  /// What stands in the administrator's directory of units.
  private struct Units {
    /// Units with a link in a `.wants` or `.requires` directory, and those that an alias leads to.
    var enabled: Set<String> = []
    var masked: [String] = []
    /// Unit files, and links to unit files elsewhere.
    var local: [String] = []
    /// Units with drop-ins, and the first drop-in of each.
    var extended: [(unit: String, file: String)] = []
  }

  /// Compares what is enabled, disabled and masked with the presets and with what the packages themselves did.
  ///
  /// Presets alone tell little on Debian: packages enable their units by themselves, and systemd's own presets name units
  /// that the distribution leaves off. So a unit counts as disabled by somebody when its package enabled it and the links
  /// are gone, as enabled by somebody when its package left it off or the presets are against it, and as masked by
  /// somebody when its package did not mask it. Only units of the system are looked at, not those of users.
  ///
  /// Source: init-system-helpers, `deb-systemd-helper`: for each unit that a package has with an `[Install]` section there
  /// is a record `UNIT.dsh-also`, and for each link that was made a file of the link's name in the same place.
  mutating func readServices() {
    let conffiles = Set(status.packages.lazy.filter(\.isPresent).flatMap(\.conffiles).map(\.path))
    let units = readUnits(conffiles)
    let presets = readPresets()
    let packaged = Set(Self.packagedUnitDirectories.flatMap { names(in: $0) })
    let maskedByPackages = Set(names(in: Self.helperMasked))
    var found: [ResetPlan.Drift.Service] = []
    func add(_ unit: String, _ state: ResetPlan.Drift.Service.State, _ reason: String) {
      guard !generated.isGenerated(unit: unit) else { return }
      found.append(
        .init(unit: unit, state: state, preset: presets.decision(for: unit).rawValue, reason: reason))
    }

    let masked = Set(units.masked)
    for unit in units.masked where !maskedByPackages.contains(unit) {
      add(unit, .masked, "masked in \(Self.unitDirectory)")
    }
    for unit in units.local { add(unit, .local, "a unit file that no package brought") }
    for (unit, file) in units.extended { add(unit, .extended, "changed by \(file)") }

    let (known, enabledByPackages) = readHelperRecords()
    for unit in enabledByPackages.sorted() where !masked.contains(unit) && !units.enabled.contains(unit) {
      guard packaged.contains(unit) || packaged.contains(UnitPresets.template(of: unit)?.name ?? unit) else { continue }
      add(unit, .disabled, "its package enabled it, and the links are gone")
    }
    let local = Set(units.local)
    for unit in units.enabled.sorted() where !masked.contains(unit) && !local.contains(unit) {
      if enabledByPackages.contains(unit) { continue }
      let template = UnitPresets.template(of: unit)?.name ?? unit
      if !packaged.contains(unit), !packaged.contains(template), !local.contains(template) {
        add(unit, .enabled, "enabled, and there is no such unit")
      } else if known.contains(unit) {
        add(unit, .enabled, "enabled, and its package leaves it off")
      } else if presets.decision(for: unit) == .disable {
        add(unit, .enabled, "enabled against the presets, and not by its package")
      }
    }
    drift.entries.services = found.sorted { ($0.unit, $0.state.rawValue) < ($1.unit, $1.state.rawValue) }
  }

  /// The units that maintainer scripts know, and those that they enabled.
  private mutating func readHelperRecords() -> (known: Set<String>, enabled: Set<String>) {
    let record = ".dsh-also"
    var known: Set<String> = []
    var enabled: Set<String> = []
    for name in names(in: Self.helperEnabled) {
      if name.hasSuffix(record) {
        known.insert(String(name.dropLast(record.count)))
      } else if name.hasSuffix(".wants") || name.hasSuffix(".requires") || name.hasSuffix(".upholds") {
        enabled.formUnion(names(in: Self.helperEnabled + "/" + name))
      }
    }
    return (known, enabled)
  }

  private mutating func readUnits(_ conffiles: Set<String>) -> Units {
    var units = Units()
    let path = Self.unitDirectory
    do throws(FileError) {
      guard let directory = try root.directory(path) else { return units }
      for name in try directory.names() {
        switch directory.attributes(of: name)?.kind {
        case .link:
          let target = directory.linkTarget(name) ?? ""
          let base = target.split(separator: "/").last.map(String.init) ?? target
          if target == "/dev/null" {
            units.masked.append(name)
          } else if base == name, !Self.packagedUnitDirectories.contains(where: { target.hasPrefix($0 + "/") }) {
            units.local.append(name)
          } else {
            units.enabled.insert(base)
          }
        case .file where Self.isUnit(name) && !conffiles.contains("\(path)/\(name)"):
          // An empty file masks as a link to /dev/null does.
          if directory.attributes(of: name)?.size == 0 { units.masked.append(name) } else { units.local.append(name) }
        case .directory:
          try readUnitDirectory(directory, name, conffiles, &units)
        default: continue
        }
      }
    } catch {
      note(error, subject: path)
    }
    return units
  }

  private func readUnitDirectory(
    _ parent: borrowing DirectoryHandle, _ name: String, _ conffiles: Set<String>, _ units: inout Units
  ) throws(FileError) {
    let path = "\(Self.unitDirectory)/\(name)"
    if name.hasSuffix(".wants") || name.hasSuffix(".requires") || name.hasSuffix(".upholds") {
      let directory = try parent.directory(name)
      for link in try directory.names() where directory.attributes(of: link)?.kind == .link {
        units.enabled.insert(link)
      }
    } else if name.hasSuffix(".d"), Self.isUnit(String(name.dropLast(2))) {
      let files = try parent.directory(name).names()
      if let file = files.first(where: { $0.hasSuffix(".conf") && !conffiles.contains("\(path)/\($0)") }) {
        units.extended.append((String(name.dropLast(2)), "\(path)/\(file)"))
      }
    }
  }

  private static func isUnit(_ name: String) -> Bool {
    [".service", ".socket", ".timer", ".mount", ".automount", ".path", ".target", ".swap", ".slice", ".device"]
      .contains { name.hasSuffix($0) }
  }

  /// The preset files of all directories by name; one name counts once, from the first directory that has it.
  private mutating func readPresets() -> UnitPresets {
    var files: [String: String] = [:]
    for directory in Self.presetDirectories {
      for name in names(in: directory) where name.hasSuffix(".preset") && files[name] == nil {
        files[name] = directory + "/" + name
      }
    }
    var rules: [UnitPresets.Rule] = []
    for (_, path) in files.sorted(by: { $0.key < $1.key }) { rules += parsed(path, UnitPresets.parse) }
    return UnitPresets(rules: rules)
  }
}
