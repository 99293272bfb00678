package import HostSystem

/// Files in the places where the machine and a person have theirs.
package enum PersonalFiles {
  /// The folders of that name, the machine's before the person's: `/etc/toolbox/NAME`, then
  /// `$XDG_CONFIG_HOME/toolbox/NAME` or `~/.config/toolbox/NAME`.
  package static func folders(_ name: String, environment: [String: String]) -> [String] {
    var result = ["/etc/toolbox/" + name]
    // The XDG base directory specification: a relative path is to be ignored.
    if let config = environment["XDG_CONFIG_HOME"], config.hasPrefix("/") {
      result.append(config + "/toolbox/" + name)
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      result.append(home + "/.config/toolbox/" + name)
    }
    return result
  }

  /// Why a run as root must not use a file: it, or a directory on the way to it, is not root's or may be written by others.
  /// - Returns: nil for a file that may be used, and for every run that is not root's.
  package static func refusal(of path: String, userID: UInt32, root: RootDirectory = RootDirectory()) -> String? {
    guard userID == 0 else { return nil }
    var partial = ""
    for component in [""] + path.split(separator: "/").map(String.init) {
      partial += component.isEmpty ? "" : "/" + component
      let name = partial.isEmpty ? "/" : partial
      do {
        let status = try root.status(of: name)
        if status.userID != 0 { return "\(name) belongs to user id \(status.userID), not to root" }
        if status.isWritableByOthers { return "others than root may write \(name)" }
      } catch {
        return error.message
      }
    }
    return nil
  }
}
