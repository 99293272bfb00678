import BundledData
import DataTree
import DebianPackages
import HostSystem

extension SystemDriftReader {
  static let snapSeedPath = "/var/lib/snapd/seed/seed.yaml"
  private static let snapDirectory = "/var/lib/snapd/snaps"
  private static let flatpakDirectory = "/var/lib/flatpak/app"

  mutating func readSnaps() {
    var found: Set<String> = []
    for name in names(in: Self.snapDirectory) {
      if let snap = SnapFiles.name(ofFile: name) { found.insert(snap) }
    }
    drift.snaps = found.sorted().map { name in
      var snap = SystemDrift.InstalledSnap(name: name)
      // A snap that is not mounted cannot be looked into; that is no fault.
      if let bytes = try? root.readPlain("/snap/\(name)/current/meta/snap.yaml", limit: 1 << 20) {
        bytes.withUnsafeBufferPointer { SnapFiles.take(metadata: $0, into: &snap) }
      }
      return snap
    }
    do throws(FileError) {
      guard let bytes = try root.readPlain(Self.snapSeedPath, limit: 1 << 20) else { return }
      let file = bytes.withUnsafeBufferPointer { SnapFiles.parse(seed: $0, path: Self.snapSeedPath) }
      note(file.problems, of: Self.snapSeedPath)
      drift.snapSeed = file.entries.isEmpty && !file.problems.isEmpty ? .unreadable : .names(Set(file.entries))
    } catch {
      drift.snapSeed = .unreadable
      note(error, subject: Self.snapSeedPath)
    }
  }

  mutating func readFlatpaks() {
    drift.flatpaks = names(in: Self.flatpakDirectory).filter { !$0.hasPrefix(".") }
  }
}

/// The little of snapd's files that tells which snaps there are and what they are. Pure.
enum SnapFiles {
  /// The snap of a file `NAME_REVISION.snap`; nil for other files.
  static func name(ofFile file: String) -> String? {
    guard file.hasSuffix(".snap"), let separator = file.lastIndex(of: "_"), separator != file.startIndex else {
      return nil
    }
    let name = file[..<separator]
    return name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F }
      ? String(name) : nil
  }

  /// The names of the list `snaps:` in seed.yaml: a list of maps with `name` among their keys, in block form, as snapd and
  /// the builders of images write it.
  static func parse(seed bytes: UnsafeBufferPointer<UInt8>, path: String) -> ParsedFile<String> {
    var file = ParsedFile<String>()
    var lines = LineReader(bytes)
    var isInside = false
    var hasSnaps = false
    while let text = lines.nextText(path, &file) {
      let trimmed = text.drop { $0 == " " }
      guard !trimmed.isEmpty, !trimmed.hasPrefix("#"), trimmed != "---" else { continue }
      let isTop = trimmed.count == text.count && !trimmed.hasPrefix("-")
      if isTop {
        isInside = scalar(trimmed, of: "snaps") != nil
        hasSnaps = hasSnaps || isInside
        continue
      }
      guard isInside else { continue }
      let entry = trimmed.hasPrefix("-") ? trimmed.dropFirst().drop { $0 == " " } : trimmed
      guard let name = scalar(entry, of: "name") else { continue }
      if name.isEmpty {
        file.note(.malformed(path: path, line: lines.line, what: "a snap without a name"))
      } else {
        file.entries.append(name)
      }
    }
    if !hasSnaps { file.note(.malformed(path: path, line: max(1, lines.line), what: "there is no list 'snaps'")) }
    return file
  }

  /// Takes type, base and the providers of content out of a snap's `meta/snap.yaml`.
  static func take(metadata bytes: UnsafeBufferPointer<UInt8>, into snap: inout SystemDrift.InstalledSnap) {
    var lines = LineReader(bytes)
    while let line = lines.next() {
      let text = String(decoding: line, as: UTF8.self)
      let trimmed = text.drop { $0 == " " }
      if let provider = scalar(trimmed, of: "default-provider"), !provider.isEmpty {
        // A provider may be named with a slot: `gtk-common-themes:gtk-3-themes`.
        let name = String(provider.prefix { $0 != ":" })
        if !snap.needs.contains(name) { snap.needs.append(name) }
      }
      guard trimmed.count == text.count else { continue }
      if let type = scalar(trimmed, of: "type") { snap.type = type }
      if let base = scalar(trimmed, of: "base"), !base.isEmpty, !snap.needs.contains(base) { snap.needs.append(base) }
    }
    if snap.type == nil { snap.type = "app" }
  }

  /// The value of `key: value` without quotes and comment; nil when the text is another key's.
  private static func scalar(_ text: Substring, of key: String) -> String? {
    guard text.hasPrefix(key + ":") else { return nil }
    var value = text.dropFirst(key.count + 1)
    guard value.isEmpty || value.first == " " || value.first == "\t" else { return nil }
    if let comment = value.firstRange(of: " #") { value = value[..<comment.lowerBound] }
    let characters = value.filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "'" }
    return String(characters)
  }
}

/// Which snaps and flatpaks go, and which stay. Pure.
struct BundlePlanning {
  private let drift: SystemDrift
  private let selection: Selection
  /// Snaps that the baseline names besides the seed.
  private let baseline: Set<String>

  init(_ drift: SystemDrift, baseline: Set<String>, selection: Selection) {
    self.drift = drift
    self.baseline = baseline
    self.selection = selection
  }

  /// Those of the seed stay, with what they need, bases, snapd, and the kernel and gadget of a device. Without a seed all
  /// others are the person's own; a seed that cannot be read keeps everything.
  func snaps() -> ResetPlan.RemoveAndKeep {
    let installed = drift.snaps.map(\.name)
    guard selection.includes(.snaps), drift.snapSeed != .unreadable else { return .init(keep: installed) }
    var kept = baseline
    if case .names(let names) = drift.snapSeed { kept.formUnion(names) }
    for snap in drift.snaps where snap.type.map({ $0 != "app" }) ?? false { kept.insert(snap.name) }
    let platform = Self.platform
    for name in installed where platform.contains(where: { $0.matches(name) }) { kept.insert(name) }
    var queue = Array(kept)
    while let name = queue.popLast() {
      for need in drift.snaps.first(where: { $0.name == name })?.needs ?? [] where kept.insert(need).inserted {
        queue.append(need)
      }
    }
    return .init(remove: installed.filter { !kept.contains($0) }, keep: installed.filter(kept.contains))
  }

  /// Nothing tells stock flatpaks from others, so they go only when their class is asked for.
  func flatpaks() -> ResetPlan.RemoveAndKeep {
    selection.includes(.flatpaks) ? .init(remove: drift.flatpaks) : .init(keep: drift.flatpaks)
  }

  /// snapd and the bases by name, for snaps that cannot be looked into.
  private static let platform =
    (BundledFile.at("reset/snaps.yaml")?.tree?.strings("platform") ?? []).map(NamePattern.init)
}
