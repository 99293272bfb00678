import DebianPackages
import Glibc
import HostSystem

extension SystemDriftReader {
  /// ucf's record of the configuration files that it guards in dpkg's stead, and of the packages that they are of.
  static let ucfSums = "/var/lib/ucf/hashfile"
  static let ucfRegistry = "/var/lib/ucf/registry"

  /// Compares every configuration file with the sum that dpkg, or ucf, has of it.
  ///
  /// Not compared are those that the package gave up or is about to take away, those without a sum, and generated ones. A
  /// file that another package diverted lies where the diversion put it.
  mutating func readConffiles(_ diversions: [DpkgDiversion]) {
    var moved: [String: DpkgDiversion] = [:]
    for diversion in diversions { moved[diversion.from] = diversion }
    var unreadable = 0
    var found: [ResetPlan.Drift.Conffile] = []
    func compare(_ path: String, with sum: String, package: String) {
      guard sum.utf8.count == 32, !generated.isGenerated(file: path) else { return }
      let place = moved[path].flatMap { $0.package == package ? nil : $0.to } ?? path
      guard let state = state(of: place, sum: sum) else { return }
      if state == .unreadable { unreadable += 1 }
      found.append(.init(path: path, package: package, state: state))
    }
    var seen: Set<String> = []
    for package in status.packages where package.isPresent {
      for conffile in package.conffiles where !conffile.isObsolete && !conffile.isRemovedOnUpgrade {
        // Packages of several architectures share their files.
        guard seen.insert(conffile.path).inserted else { continue }
        compare(conffile.path, with: conffile.digest, package: package.id.name)
      }
    }
    let registry = Dictionary(
      parsed(Self.ucfRegistry, UcfLine.parse).map { ($0.path, $0.word) }, uniquingKeysWith: { first, _ in first })
    for line in parsed(Self.ucfSums, UcfLine.parse) where seen.insert(line.path).inserted {
      compare(line.path, with: line.word.lowercased(), package: registry[line.path] ?? "ucf")
    }
    drift.entries.conffiles = found.sorted { $0.path < $1.path }
    if unreadable > 0 {
      note(
        "unreadable-conffiles",
        "configuration files that may not be read, and so are not compared: \(unreadable); run as root to compare them",
        subject: "/etc")
    }
  }

  /// - Returns: nil for a file that is as it was brought.
  private func state(of path: String, sum: String) -> ResetPlan.Drift.Conffile.State? {
    var digest = MD5()
    do throws(FileError) {
      guard try root.forEachPiece(of: path, { digest.update($0) }) else { return .missing }
    } catch {
      // A directory, a pipe or a device where a file was is a change as well.
      return error.code == EISDIR || error.code == EINVAL || error.code == ENXIO ? .changed : .unreadable
    }
    return digest.finish() == sum ? nil : .changed
  }
}

/// A line of ucf's files: a sum, or a package, and a path behind blanks.
struct UcfLine: Sendable, Equatable {
  let word: String
  let path: String

  /// Source: ucf(1).
  static func parse(_ bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<UcfLine> {
    var file = ParsedFile<UcfLine>()
    var lines = LineReader(bytes)
    while let text = lines.nextText(path, &file) {
      let fields = text.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "\t" })
      if fields.isEmpty { continue }
      let rest = fields.count == 2 ? fields[1].drop { $0 == " " || $0 == "\t" } : ""
      guard rest.hasPrefix("/") else {
        file.note(.malformed(path: path, line: lines.line, what: "expected a word and an absolute path"))
        continue
      }
      file.entries.append(UcfLine(word: String(fields[0]), path: String(rest)))
    }
    return file
  }
}
