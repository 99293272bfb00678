import DebianPackages
import HostSystem

/// Which package made an account: known for the accounts of the base system, of sysusers.d(5), and of maintainer scripts.
enum SystemAccountOwners {
  /// The accounts with an id below those of people that nothing installed accounts for.
  ///
  /// A name counts as made by a package when it stands as a whole word in one of its maintainer scripts: that is looked for
  /// only for the few accounts that no table explains.
  static func unowned(_ accounts: Accounts, people: UserIDRange, root: RootDirectory) -> Set<String> {
    var open = Set(accounts.users.filter { $0.uid != 0 && $0.uid < people.first && $0.uid >= 100 }.map(\.name))
    open.remove("nobody")
    if open.isEmpty { return open }
    if let master = try? root.readIfPresent("/usr/share/base-passwd/passwd.master") {
      for line in String(decoding: master, as: UTF8.self).split(separator: "\n") {
        if let name = line.split(separator: ":").first { open.remove(String(name)) }
      }
    }
    for directory in ["/usr/lib/sysusers.d", "/etc/sysusers.d"] where !open.isEmpty {
      for file in (try? root.names(in: directory)).flatMap({ $0 }) ?? [] where file.hasSuffix(".conf") {
        guard let text = try? root.readIfPresent("\(directory)/\(file)", limit: 1 << 20) else { continue }
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
          let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
          if words.count > 1, words[0].hasPrefix("u") { open.remove(String(words[1])) }
        }
      }
    }
    let info = "/var/lib/dpkg/info"
    let scripts = [".postinst", ".preinst", ".config"]
    for file in (try? root.names(in: info)).flatMap({ $0 }) ?? [] where scripts.contains(where: { file.hasSuffix($0) })
    {
      if open.isEmpty { break }
      guard let text = try? root.readIfPresent("\(info)/\(file)", limit: 4 << 20) else { continue }
      open.subtract(words(of: text).intersection(open))
    }
    return open
  }

  /// The runs of letters, digits, `_`, `-` and `.` in a script.
  private static func words(of text: [UInt8]) -> Set<String> {
    func isWord(_ byte: UInt8) -> Bool {
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x5F || byte == 0x2D
        || byte == 0x2E
    }
    return Set(text.split { !isWord($0) }.map { String(decoding: $0, as: UTF8.self) })
  }
}
