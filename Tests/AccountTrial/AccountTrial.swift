import Glibc
import HostSystem
import SystemReset

/// What a reset does with accounts, one operation a call, for tests that cut it off from outside:
/// `account-trial ROOT RUN OPERATION NAME [GROUP]`. It holds nothing but calls of the operations themselves.
@main
enum AccountTrial {
  static func main() {
    let words = currentArguments()
    guard words.count >= 4 else { exit(64) }
    let keeper = AccountKeeper(root: RootDirectory(words[0]), lockSeconds: 5)
    let (run, name) = (words[1], words[3])
    let now = Instant(secondsSinceEpoch: time(nil))
    do {
      switch words[2] {
      case "retire": _ = try keeper.retire(name, run: run, now: now)
      case "restore": for note in try keeper.restore(try keeper.record(of: name)) { print(note) }
      case "purge": try keeper.purge(try keeper.record(of: name))
      case "delete-home": try keeper.deleteHome(try keeper.record(of: name))
      case "rescue": _ = try keeper.makeRescue(name, administrators: words[4], run: run, now: now)
      case "password":
        let password = try keeper.setRescuePassword(try keeper.rescueRecord(of: name), now: now)
        try PasswordRecipient(given: 3).show(password, of: name)
      case "settings-aside": _ = try keeper.setSettingsAside(name, run: run, now: now)
      case "settings-back":
        guard let record = try keeper.softRecord(of: name, run: run) else { exit(4) }
        for name in try keeper.putSettingsBack(record) { print(name) }
      case "login":
        // As a person would: su on a terminal, from an account without rights. The password comes from standard input.
        let outcome = try TerminalSession.run(
          ["/usr/bin/su", "-", name, "-c", words.count > 4 ? words[4] : "id"],
          environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C"], in: RootDirectory(words[0]),
          as: TerminalSession.Identity(userID: 65_534, groupID: 65_534), answer: try StandardInput.read(limit: 1024),
          seconds: 60)
        print(outcome.output)
        if case .exited(let code) = outcome.ending { exit(code) }
        exit(124)
      default: exit(64)
      }
    } catch let error as any ReportableError {
      complain(error.message.harmless)
      exit(error.failureKind == .refused ? 3 : 1)
    } catch {
      complain("\(error)")
      exit(1)
    }
  }

  private static func complain(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }
}
