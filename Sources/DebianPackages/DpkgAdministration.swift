package import HostSystem

/// A file that a package, or the administrator, moved out of the way of other packages.
package struct DpkgDiversion: Sendable, Equatable {
  /// Where a package has the file; an absolute path, as all here.
  package let from: String
  package let to: String
  /// The package whose own version of the file stays in place; nil for a diversion of the administrator.
  package let package: String?

  package static let path = "/var/lib/dpkg/diversions"

  /// Three lines a record: from, to, and the package, `:` for a local one. Source: dpkg-divert(1).
  package static func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<DpkgDiversion> {
    var file = ParsedFile<DpkgDiversion>()
    var lines = LineReader(bytes)
    while let from = lines.nextText(path, &file) {
      let line = lines.line
      guard let to = lines.nextText(path, &file), let package = lines.nextText(path, &file) else {
        file.note(.cut(path: path, line: line))
        break
      }
      guard from.hasPrefix("/"), to.hasPrefix("/"), !package.isEmpty else {
        // Records cannot be told apart any more: what follows would be read out of step.
        file.note(.malformed(path: path, line: line, what: "expected two absolute paths and a package"))
        break
      }
      file.entries.append(DpkgDiversion(from: from, to: to, package: package == ":" ? nil : package))
    }
    return file
  }
}

/// Owner and mode that dpkg gives to a path instead of the package's own.
package struct DpkgStatOverride: Sendable, Equatable {
  /// A name, or `#` and an id.
  package let user: String
  package let group: String
  /// In octal, as it stands there.
  package let mode: String
  package let path: String
  /// From 1.
  package let line: Int

  package static let path = "/var/lib/dpkg/statoverride"

  /// What it names and nobody has, such as `user 'redis'`: every run of dpkg that unpacks something fails on it. Empty where all is
  /// well; an id stands for itself.
  package func missingAccounts(users: Set<String>, groups: Set<String>) -> [String] {
    var missing: [String] = []
    if !user.hasPrefix("#"), !users.contains(user) { missing.append("user '\(user)'") }
    if !group.hasPrefix("#"), !groups.contains(group) { missing.append("group '\(group)'") }
    return missing
  }

  package init(user: String, group: String, mode: String, path: String, line: Int) {
    self.user = user
    self.group = group
    self.mode = mode
    self.path = path
    self.line = line
  }

  /// Those of a root; none where there is no such file.
  /// - Parameter path: inside the root; another file of this form, such as a copy.
  /// - Throws: ``FileError``
  package static func all(
    in root: RootDirectory, at path: String = DpkgStatOverride.path
  ) throws(FileError) -> [DpkgStatOverride] {
    guard let bytes = try root.readIfPresent(path, limit: 16 << 20) else { return [] }
    return bytes.withUnsafeBufferPointer { parse($0, path: path).entries }
  }

  /// One `USER GROUP MODE PATH` a line; a path may hold blanks. Source: dpkg-statoverride(1).
  package static func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<DpkgStatOverride> {
    var file = ParsedFile<DpkgStatOverride>()
    var lines = LineReader(bytes)
    while let text = lines.nextText(path, &file) {
      if text.isEmpty { continue }
      let fields = text.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
      guard fields.count == 4, !fields[0].isEmpty, !fields[1].isEmpty, fields[3].hasPrefix("/"),
        !fields[2].isEmpty, fields[2].count <= 6, fields[2].allSatisfy({ ("0"..."7").contains($0) })
      else {
        file.note(.malformed(path: path, line: lines.line, what: "expected USER GROUP MODE PATH"))
        continue
      }
      file.entries.append(
        DpkgStatOverride(
          user: String(fields[0]), group: String(fields[1]), mode: String(fields[2]), path: String(fields[3]),
          line: lines.line))
    }
    return file
  }
}

/// A name in the file system that several programs can stand for.
package struct DpkgAlternative: Sendable, Equatable {
  /// A program that the name can stand for.
  package struct Choice: Sendable, Equatable {
    package let path: String
    package let priority: Int
  }

  /// The name of the group: that of its file.
  package let name: String
  /// Whether somebody chose; otherwise the choice of the highest priority stands.
  package let isManual: Bool
  /// The generic name, `/usr/bin/editor`.
  package let link: String
  package let choices: [Choice]

  package static let directory = "/var/lib/dpkg/alternatives"
  /// Where the links are that lead to the choices.
  package static let linkDirectory = "/etc/alternatives"

  /// What stands in automatic mode: the choice of the highest priority, of equal ones the first.
  package var automaticChoice: String? {
    var best: Choice?
    for choice in choices where best.map({ choice.priority > $0.priority }) ?? true { best = choice }
    return best?.path
  }

  /// Reads one group: mode, link, pairs of further names and links up to an empty line, then for each choice its path, its
  /// priority and one line for each further name. Source: dpkg, `update-alternatives`, `alternative_save`.
  package static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, name: String, path: String
  ) -> ParsedFile<DpkgAlternative> {
    var file = ParsedFile<DpkgAlternative>()
    var lines = LineReader(bytes)
    guard let mode = lines.nextText(path, &file), let link = lines.nextText(path, &file) else {
      file.note(.cut(path: path, line: max(1, lines.line)))
      return file
    }
    guard mode == "auto" || mode == "manual", link.hasPrefix("/") else {
      file.note(.malformed(path: path, line: 1, what: "expected 'auto' or 'manual', and a path in the next line"))
      return file
    }
    var followers = 0
    while let text = lines.nextText(path, &file), !text.isEmpty {
      guard lines.nextText(path, &file) != nil else {
        file.note(.cut(path: path, line: lines.line))
        return file
      }
      followers += 1
    }
    var choices: [Choice] = []
    reading: while let choice = lines.nextText(path, &file), !choice.isEmpty {
      guard let number = lines.nextText(path, &file) else {
        file.note(.cut(path: path, line: lines.line))
        break
      }
      guard choice.hasPrefix("/"), let priority = Int32(number) else {
        file.note(
          .malformed(path: path, line: lines.line - 1, what: "expected a path, and its priority in the next line"))
        break
      }
      for _ in 0..<followers where lines.nextText(path, &file) == nil {
        file.note(.cut(path: path, line: lines.line))
        break reading
      }
      choices.append(Choice(path: choice, priority: Int(priority)))
    }
    file.entries = [DpkgAlternative(name: name, isManual: mode == "manual", link: link, choices: choices)]
    return file
  }
}

/// The architectures that dpkg installs, the native one first; the file is there only where one was added.
package enum DpkgArchitectures {
  package static let path = "/var/lib/dpkg/arch"

  /// One name a line. Source: dpkg(1), `--add-architecture`.
  package static func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<String> {
    var file = ParsedFile<String>()
    var lines = LineReader(bytes)
    while let text = lines.nextText(path, &file) {
      if text.isEmpty { continue }
      guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D }) else {
        file.note(.malformed(path: path, line: lines.line, what: "'\(text.prefix(40))' is no architecture"))
        continue
      }
      if !file.entries.contains(text) { file.entries.append(text) }
    }
    return file
  }
}
