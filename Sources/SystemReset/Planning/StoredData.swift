import BundledData
import DataTree
import DebianPackages
import HostSystem

/// What people stored with the help of packages: databases, containers, mail. A reset never deletes it; it names it.
package struct StoredData: Sendable, Equatable {
  /// The directories of a package that hold something, by its name. Only packages that dpkg has anything of.
  package var directories: [String: [String]] = [:]
  /// The trees that hold something and that a package's own script deletes when it is purged, by its name; empty where nobody asks for
  /// a purge.
  package var deletedByPurge: [String: [String]] = [:]

  package init() {}

  /// Whether a purge of a package could delete what people stored, also with another package: programs that share a directory do so.
  package func isEndangered(byPurgeOf name: String) -> Bool {
    if directories[name] != nil { return true }
    return (deletedByPurge[name] ?? []).contains { tree in
      directories.values.joined().contains { $0 == tree || $0.hasPrefix(tree + "/") || tree.hasPrefix($0 + "/") }
    }
  }

  /// - Parameter readsScripts: whether the scripts of packages are looked into for what they delete.
  static func read(_ packages: [InstalledPackage], root: RootDirectory, readsScripts: Bool) -> StoredData {
    var stored = StoredData()
    var answers: [String: Bool] = [:]
    func holdsSomething(_ path: String) -> Bool {
      if let known = answers[path] { return known }
      let answer: Bool
      do {
        answer = try !(root.names(in: path) ?? []).isEmpty
      } catch {
        // What may not be looked into is taken for full.
        answer = true
      }
      answers[path] = answer
      return answer
    }
    for package in packages where package.isPresent || package.state == .configFiles {
      let name = package.id.name
      let full = DataPackages.shipped.directories(of: name).filter(holdsSomething)
      if !full.isEmpty { stored.directories[name] = full }
      guard readsScripts else { continue }
      for file in [name, package.id.description] {
        // By its name, or with its architecture where several can be there. What cannot be read makes the plan poorer, no more.
        guard let script = try? root.readIfPresent("/var/lib/dpkg/info/\(file).postrm", limit: 1 << 20) else {
          continue
        }
        let trees = PurgeScript.deletedTrees(String(decoding: script, as: UTF8.self)).filter(holdsSomething)
        if !trees.isEmpty { stored.deletedByPurge[name] = trees }
      }
    }
    return stored
  }
}

/// The packages that keep what people store with them; see `Data/reset/data-packages.yaml`.
package struct DataPackages: Sendable {
  let entries: [(names: [NamePattern], directories: [String])]

  init(_ tree: DataTree?) {
    entries = (tree?["packages"]?.items ?? []).map { entry in
      (entry.strings("names").map(NamePattern.init), entry.strings("data"))
    }
  }

  /// The table that this program ships.
  package static let shipped = DataPackages(BundledFile.at("reset/data-packages.yaml")?.tree)

  /// Where a package keeps such data, whether or not anything is there.
  package func directories(of name: String) -> [String] {
    entries.filter { $0.names.contains { $0.matches(name) } }.flatMap(\.directories)
  }
}

/// What a maintainer script deletes, as far as its text tells.
enum PurgeScript {
  /// Where people's work can be; what lies elsewhere is the package's own.
  private static let places = [
    "/home/", "/opt/", "/root/", "/srv/", "/var/lib/", "/var/mail/", "/var/opt/", "/var/spool/", "/var/www/",
  ]

  /// The directories that are named in full behind an `rm -r`, sorted. What a script puts together from variables is not found.
  static func deletedTrees(_ script: String) -> [String] {
    var result: Set<String> = []
    // A line that ends with a backslash goes on.
    for line in script.replacing("\\\n", with: " ").split(separator: "\n") {
      for command in line.split(whereSeparator: { ";&|(){}`".contains($0) }) {
        var words = command.split { $0 == " " || $0 == "\t" }.prefix { !$0.hasPrefix("#") }
        guard let place = words.firstIndex(where: { $0 == "rm" || $0.hasSuffix("/rm") }) else { continue }
        words = words[words.index(after: place)...]
        let isRecursive = words.contains { word in
          word == "--recursive" || word.hasPrefix("-") && !word.hasPrefix("--") && word.contains { "rR".contains($0) }
        }
        guard isRecursive else { continue }
        for word in words {
          // A pattern stands for what is in the directory before it.
          var path = word.filter { !"\"'".contains($0) }
          if let star = path.firstIndex(where: { "*?[".contains($0) }) {
            path = String(path[..<(path[..<star].lastIndex(of: "/") ?? path.startIndex)])
          }
          while path.hasSuffix("/") { path.removeLast() }
          if !path.contains("$"), places.contains(where: { path.hasPrefix($0) }) { result.insert(path) }
        }
      }
    }
    return result.sorted()
  }
}
