import Foundation
import TestSupport

/// A small system of files alone, with the accounts that the tests need, and what is read of it afterwards. Only as root: files
/// belong to several users.
struct AccountRoot {
  let directory: TemporaryDirectory
  var path: String { directory("root") }

  /// Why no test of accounts can run here; nil when it can.
  static let obstacle: String? = {
    if geteuid() != 0 { return "not root: files cannot be given to other users" }
    for tool in ["/usr/bin/setfacl", "/usr/bin/getfattr", "/usr/bin/strace", "/usr/bin/unshare"] {
      if access(tool, X_OK) != 0 { return "\(tool) is not installed" }
    }
    return nil
  }()

  /// The helper that calls single operations; it lies beside the tests.
  static var helper: String {
    CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      + "/account-trial"
  }

  /// Fills a root: anna with everything that an account can have, bert with little.
  private static let script = #"""
    set -e; umask 022; mkdir -p "$1"; cd "$1"
    mkdir -p etc home root dev proc tmp usr/sbin usr/bin bin var/mail var/spool/cron/crontabs var/spool/cron/atjobs \
      var/lib/systemd/linger var/lib/AccountsService/users var/lib/AccountsService/icons etc/skel/.config
    printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'daemon:x:1:1::/usr/sbin:/usr/sbin/nologin' \
      'anna:x:1000:1000:Anna,,,:/home/anna:/bin/bash' 'bert:x:1001:1001::/home/bert:/bin/sh' \
      'carl d;rm:x:1002:1002::/home/carl d;$(rm):/bin/sh' > etc/passwd
    printf '%s\n' 'root:*:1:0:99999:7:::' 'daemon:*:1:0:99999:7:::' 'anna:$y$j9T$x:19000:0:99999:7:::' \
      'bert:!:1:0:99999:7:::' 'carl d;rm:!:1:0:99999:7:::' > etc/shadow
    printf '%s\n' 'root:x:0:' 'sudo:x:27:anna,bert' 'docker:x:100:bert,anna' 'anna:x:1000:' 'bert:x:1001:' 'carl:x:1002:' \
      > etc/group
    printf '%s\n' 'root:*::' 'sudo:*:anna:anna,bert' 'docker:!::bert,anna' 'anna:!::' 'bert:!::' 'carl:!::' > etc/gshadow
    printf '%s\n' 'bert:100000:65536' 'anna:165536:65536' > etc/subuid; cp etc/subuid etc/subgid
    : > etc/.pwd.lock; chmod 600 etc/.pwd.lock
    chmod 640 etc/shadow etc/gshadow; chgrp 42 etc/shadow etc/gshadow; setfacl -m u:33:r etc/group
    : > bin/sh; : > bin/bash; : > usr/bin/su; : > usr/bin/sudo; chmod 755 bin/* usr/bin/*
    echo skel > etc/skel/.profile; echo x > etc/skel/.config/x; ln -s .profile etc/skel/.link
    mkdir -p home/anna/docs home/anna/.config/app home/anna/.ssh home/bert 'home/carl d;$(rm)'
    echo text > home/anna/docs/a; echo conf > home/anna/.config/app/c; echo key > home/anna/.ssh/id; echo rc > home/anna/.bashrc
    ln -s /etc/shadow home/anna/docs/link; ln -s /etc home/anna/etc; mkfifo home/anna/pipe; ln home/anna/docs/a home/anna/hard
    printf x > "home/anna/$(printf 'odd\n\033[2J')"
    chown -hR 1000:1000 home/anna; chown 1001:1001 home/bert; chown -R 1002:1002 'home/carl d;$(rm)'
    chown 165540:165540 home/anna/docs/a; chmod 4755 home/anna/docs/a; chmod 750 home/anna; chmod 2770 home/anna/docs
    setfacl -m u:1001:rx -m d:u:1001:rwx home/anna/docs; setfattr -n user.note -v kept home/anna/docs/a
    setfattr -n user.note -v kept home/anna
    echo cron > var/spool/cron/crontabs/anna; chown 1000:33 var/spool/cron/crontabs/anna; chmod 600 var/spool/cron/crontabs/anna
    chmod 1730 var/spool/cron/crontabs; chmod 2775 var/mail; chgrp 8 var/mail
    echo 1 > var/spool/cron/atjobs/.SEQ; for job in a1 a2; do echo $job > var/spool/cron/atjobs/$job; done
    chown 1 var/spool/cron/atjobs/.SEQ; chown 1000 var/spool/cron/atjobs/a1; chown 1001 var/spool/cron/atjobs/a2
    echo mail > var/mail/anna; chown 1000:8 var/mail/anna; echo mail > var/mail/bert; chown 1001:8 var/mail/bert
    : > var/lib/systemd/linger/anna; echo s > var/lib/AccountsService/users/anna; echo i > var/lib/AccountsService/icons/anna
    find home var etc -depth -exec touch -h -d '2020-02-03 04:05:06.789 UTC' {} +
    """#

  init() async throws {
    directory = try TemporaryDirectory()
    try await Self.shell(Self.script, path)
  }

  /// A copy of another one, with everything that cp(1) can keep.
  init(copyOf other: AccountRoot) async throws {
    directory = try TemporaryDirectory()
    try await Self.shell(#"cp -a "$1" "$2""#, other.path, path)
  }

  struct Failure: Error, CustomStringConvertible { let description: String }

  @discardableResult
  static func shell(_ script: String, _ arguments: String...) async throws -> String {
    let outcome = try await ToolboxProcess.run(path: "/bin/sh", ["-c", script, "sh"] + arguments)
    guard outcome.status == 0 else {
      throw Failure(description: "\(outcome.status): \(outcome.output)\(outcome.errors)")
    }
    return outcome.output
  }

  @discardableResult
  func shell(_ script: String) async throws -> String { try await Self.shell(#"cd "$1"; eval "$2""#, path, script) }

  /// One operation of the helper.
  func call(_ operation: String, _ name: String, _ more: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(path: Self.helper, [path, "r1", operation, name] + more)
  }

  /// The same in mounts of its own, which a script makes first, in the root.
  func call(_ operation: String, _ name: String, mounting script: String) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(
      path: "/usr/bin/unshare",
      [
        "--mount", "--propagation", "private", "/bin/sh", "-c",
        #"cd "$1" && { \#(script); } >&2 || exit 99; shift; exec "$@""#, "sh", path, Self.helper, path, "r1", operation,
        name,
      ])
  }

  /// `toolbox reset users ... --root`.
  func users(_ arguments: String...) async throws -> ToolboxProcess.Outcome {
    try await ToolboxProcess.run(["reset", "users"] + arguments + ["--root", path])
  }

  /// Everything of the files below a directory: kind, owner, mode, link target, time of change, content, access control lists
  /// and other extended attributes.
  ///
  /// How many names a directory has is not in it: that counts what is below.
  /// - Parameter directory: paths are told from here.
  func fingerprint(
    _ place: String = ".", in directory: String = ".", times: Bool = true, without: String = "^$"
  ) async throws -> String {
    let time = times ? "%T@" : ""
    return try await shell(
      #"""
      cd '\#(directory)'
      find \#(place) \( -type d -printf '%p\0%y %u %g %m \#(time)\0' -o -printf '%p\0%y %u %g %m %n \#(time) %l\0' \) | tr '\n\033' '??' | tr '\0' '\n' | paste -d' ' - - \
        | grep -vE '\#(without)' | LC_ALL=C sort
      find \#(place) -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | grep -vE '\#(without)'
      getfattr -R -h -P -d -m - -e hex \#(place) | tr '\n' ' ' | sed 's/ # file: /\n# file: /g' | grep -vE '\#(without)' | LC_ALL=C sort
      """#)
  }

  /// What every way to the same end must leave: all but the times of directories and files that were written on the way,
  /// the record itself, which tells inode and time, and empty directories of records, which hold nothing and say nothing.
  func state() async throws -> String {
    try await fingerprint(
      times: false, without: #"record\.json|rescue\.json|settings\.json|^\./var/lib/toolbox[^ ]* d "#)
      + shell(#"find home -mindepth 2 -path '*anna*/*' ! -name .toolbox-reset -printf '%f %T@\n' | LC_ALL=C sort"#)
  }
}
