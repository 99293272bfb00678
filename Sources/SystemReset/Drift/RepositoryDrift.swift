import DebianPackages
import HostSystem

extension SystemDriftReader {
  // MARK: Repositories

  /// Every entry of apt's sources, in the order in which apt reads them.
  mutating func readSources() -> [AptSource] {
    var result = parsed(AptSource.listPath, AptSource.parse(list:path:))
    for name in names(in: AptSource.directory) where Self.isRead(name) {
      let path = AptSource.directory + "/" + name
      if name.hasSuffix(".list") {
        result += parsed(path, AptSource.parse(list:path:))
      } else if name.hasSuffix(".sources") {
        result += parsed(path, AptSource.parse(stanzas:path:))
      }
    }
    return result
  }

  /// apt reads only files whose names hold nothing but letters, digits, `-`, `_` and `.`. Source: apt.conf(5).
  private static func isRead(_ name: String) -> Bool {
    !name.hasPrefix(".")
      && name.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || [0x2D, 0x2E, 0x5F].contains(byte)
      }
  }

  /// Names every archive that is not the distribution's: by the origin in its Release file, and where apt has none, by
  /// whether its host serves archives of the distribution here. Where no Release file tells of any, none is judged.
  mutating func judgeRepositories(_ sources: [AptSource]) {
    guard let profile else {
      if !sources.isEmpty {
        note(
          "repositories-not-judged", "no profile says which archives are the distribution's own; none is listed",
          subject: "/etc/apt")
      }
      return
    }
    struct Place {
      let source: AptSource
      let uri: String
      let suite: String
      let origin: String?
      let host: String?
    }
    let known = Dictionary(
      archive.lists.map { ($0.origin.site, $0.origin.origin) }, uniquingKeysWith: { first, _ in first })
    var places: [Place] = []
    var officialHosts: Set<String> = []
    for source in sources {
      for uri in source.uris where !uri.hasPrefix("cdrom:") {
        for suite in source.suites {
          let prefix = AptSource.listPrefix(uri: uri, suite: suite)
          let origin = known[prefix] ?? releaseOrigin(prefix)
          let host = AptSource.host(of: uri)
          if let origin, let host, profile.origins.contains(origin) { officialHosts.insert(host) }
          places.append(Place(source: source, uri: uri, suite: suite, origin: origin, host: host))
        }
      }
    }
    if officialHosts.isEmpty, places.contains(where: { $0.origin == nil }) {
      note(
        "repositories-not-judged",
        "apt has no Release file that tells the distribution's own archives; run 'apt update'",
        subject: "/etc/apt")
    }
    for place in places {
      let reason: String
      if let origin = place.origin {
        if profile.origins.contains(origin) { continue }
        reason =
          origin.isEmpty ? "its Release file names no origin" : "its origin '\(origin)' is not the distribution's"
      } else {
        if place.host.map(officialHosts.contains) ?? false { continue }
        // Nothing tells of the distribution's archives; a key that somebody brought tells of another one.
        if officialHosts.isEmpty, !hasForeignKey(place.source) { continue }
        reason =
          (place.source.isEnabled ? "apt has no Release file of it" : "switched off")
          + (place.host.map { ", and '\($0)' is no archive of the distribution" } ?? ", and its address names no host")
      }
      drift.entries.repositories.append(
        .init(
          file: place.source.file, line: place.source.line, uri: AptSource.withoutCredentials(place.uri),
          suite: place.suite, enabled: place.source.isEnabled, origin: place.origin, reason: reason))
    }
  }

  /// Whether an entry names a key of its own that did not come with the distribution's keyrings.
  private func hasForeignKey(_ source: AptSource) -> Bool {
    switch source.signedBy {
    case nil: false
    case .inlineKey: true
    case .names(let names): names.contains { $0.hasPrefix("/etc/apt/keyrings/") }
    }
  }

  /// The origin of an archive of which apt has a Release file and no package list.
  private func releaseOrigin(_ prefix: String) -> String? {
    for suffix in ["InRelease", "Release"] {
      // What cannot be read here was named when the lists were read.
      guard let file = try? root.map(Archive.directory + "/" + prefix + suffix) else { continue }
      return file.withBytes { ArchiveOrigin(parsingRelease: $0, site: prefix).origin }
    }
    return nil
  }

  // MARK: Keys

  private static let keyDirectories = ["/etc/apt/trusted.gpg.d", "/etc/apt/keyrings", "/usr/share/keyrings"]

  /// The keyrings that apt trusts for every archive, or that entries can name.
  mutating func keyringPaths() -> [String] {
    var result: [String] = []
    if let bytes = content("/etc/apt/trusted.gpg"), !bytes.isEmpty { result.append("/etc/apt/trusted.gpg") }
    for directory in Self.keyDirectories {
      for name in names(in: directory) where !name.hasPrefix(".") {
        // apt reads only these two kinds in the first; elsewhere a person may call a keyring what they like.
        let isKeyring = name.hasSuffix(".gpg") || name.hasSuffix(".asc")
        if isKeyring || (directory == "/etc/apt/keyrings" && !name.hasSuffix("~")) {
          result.append(directory + "/" + name)
        }
      }
    }
    return result
  }

  mutating func judgeKeys(_ paths: [String], _ sources: [AptSource], _ owners: [String: String]) {
    for path in paths where owners[path] == nil {
      let users = sources.filter { source in
        if case .names(let names) = source.signedBy { return names.contains(path) }
        return false
      }
      let trusted = path.hasPrefix("/etc/apt/trusted.gpg") ? "; trusted for every archive" : ""
      let use = users.first.map { "; \($0.file):\($0.line) is signed by it" } ?? ""
      drift.entries.keys.append(.init(path: path, reason: "no installed package brought it\(trusted)\(use)"))
    }
  }

  // MARK: Pins

  /// Every pin, those that packages brought among them.
  mutating func readPins() -> [ResetPlan.Drift.Pin] {
    var result = parsed(AptPreference.path, AptPreference.parse)
    for name in names(in: AptPreference.directory) where Self.isRead(name) {
      // apt reads names without an ending, or with `.pref`.
      guard !name.contains(".") || name.hasSuffix(".pref") else { continue }
      result += parsed(AptPreference.directory + "/" + name, AptPreference.parse)
    }
    return result.map {
      .init(file: $0.file, line: $0.line, package: $0.package, pin: $0.pin, priority: $0.priority)
    }
  }
}
