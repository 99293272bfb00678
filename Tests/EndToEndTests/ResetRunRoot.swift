import Foundation
import TestSupport

/// A real Debian system with archives of its own, made of small packages: stock, then changed as an administrator changes one. It
/// needs no network any more once it is made.
struct ResetRunRoot {
  let directory: TemporaryDirectory
  var path: String { directory("root") }
  var plan: String { directory("plan.json") }

  /// Why no such system can be made here; nil when it can.
  static let obstacle: String? = {
    if let obstacle = LiveRoot.obstacle { return obstacle }
    if compiler == nil { return "there is no C compiler to build what kills from outside" }
    return nil
  }()

  private static let compiler: String? = ["/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang"].first {
    access($0, X_OK) == 0
  }

  /// A changed system, made once; every test works on copies.
  static let changed = Once { try await ResetRunRoot() }

  /// A library that is loaded into the program from outside: it kills it with SIGKILL right after so many calls of fdatasync(2),
  /// which the program makes once for every record of its journal.
  private static let killer = Once<TemporaryDirectory> {
    let directory = try TemporaryDirectory()
    let source = try directory.write(
      "killer.c",
      text: #"""
        #define _GNU_SOURCE
        #include <signal.h>
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <unistd.h>
        int fdatasync(int descriptor) {
          static int count;
          int result = (int)syscall(SYS_fdatasync, descriptor);
          const char *wanted = getenv("KILL_AFTER");
          if (wanted && ++count == atoi(wanted)) kill(getenv("KILL_GROUP") ? 0 : getpid(), SIGKILL);
          return result;
        }
        """#)
    let made = try await ToolboxProcess.run(
      path: compiler ?? "", ["-shared", "-fPIC", "-o", directory("killer.so"), source])
    guard made.status == 0 else { throw AccountRoot.Failure(description: made.errors) }
    return directory
  }

  /// Two archives of small packages in `/srv`: the distribution's, as it says of itself, and a vendor's. The packages of the
  /// distribution's are installed or not, as the words say.
  private static let stock = #"""
    set -e; umask 022; cd "$1"; export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    in_root() { chroot "$1" "$@"; }
    mkdir -p srv/debian srv/vendor srv/build etc/apt/apt.conf.d
    printf 'force-unsafe-io\n' > etc/dpkg/dpkg.cfg.d/fast
    printf '#!/bin/sh\nexit 101\n' > usr/sbin/policy-rc.d; chmod 755 usr/sbin/policy-rc.d
    package() { # archive name version relations...
      archive=$1; name=$2; version=$3; shift 3
      d=srv/build/$name; rm -rf $d; mkdir -p $d/DEBIAN $d/usr/share/$name $d/etc
      { printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: Nobody <root@localhost>\nSection: misc\nPriority: optional\n' \
        $name $version; for line; do printf '%s\n' "$line"; done; printf 'Description: a small package\n'; } > $d/DEBIAN/control
      echo "$name $version" > $d/usr/share/$name/content
      echo "# $name $version" > $d/etc/$name.conf; echo /etc/$name.conf > $d/DEBIAN/conffiles
      for script in $SCRIPT_NAME; do printf '%s\n' "$SCRIPT" > $d/DEBIAN/$script; chmod 755 $d/DEBIAN/$script; done
      chroot . dpkg-deb -Znone --root-owner-group --build /$d /srv/$archive/${name}_${version}_all.deb > /dev/null
    }
    index() { # archive origin
      ( cd srv/$1; : > Packages
        for deb in *.deb; do
          chroot ../.. dpkg-deb -f /srv/$1/$deb; printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' $deb $(stat -c %s $deb) \
            $(sha256sum $deb | cut -d' ' -f1)
        done >> Packages
        printf 'Origin: %s\nLabel: %s\nSuite: stable\nCodename: stable\nArchitectures: all amd64 arm64 i386\nDate: %s\nSHA256:\n %s %s Packages\n' \
          $2 $2 "$(date -Ru)" $(sha256sum Packages | cut -d' ' -f1) $(stat -c %s Packages) > Release )
    }
    SCRIPT=; SCRIPT_NAME=
    for name in stock-a stock-b stock-d; do package debian $name 1.0; done
    package debian clock-one 1.0 'Provides: clock' 'Conflicts: clock' 'Replaces: clock'
    package debian clock-two 1.0 'Provides: clock' 'Conflicts: clock' 'Replaces: clock'
    package debian added-held 1.0
    package debian added-00 1.0
    for number in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26; do
      package debian added-$number 1.0 "Depends: added-00"
    done
    SCRIPT_NAME=postinst; SCRIPT=$(printf '#!/bin/sh\nread answer || true\nread answer < /dev/tty || true\nexit 0')
    package debian stock-asks 1.0
    # Wait, or fail, where a test wants it.
    SCRIPT=$(printf '#!/bin/sh\nwhile [ -e /srv/$DPKG_MAINTSCRIPT_NAME-waits ]; do sleep 0.1; done\n[ ! -e /srv/$DPKG_MAINTSCRIPT_NAME-fails ]')
    SCRIPT_NAME='preinst postinst prerm postrm'; package debian added-fails 1.0
    SCRIPT_NAME='preinst postinst'; package debian stock-c 1.0
    # Every package that comes or goes has work for this one.
    SCRIPT_NAME=triggers; SCRIPT='interest-noawait /usr/share'; package debian stock-watches 1.0
    SCRIPT_NAME=; package vendor vendor-tool 1.0
    index debian Debian; index vendor Vendor
    rm -rf srv/build
    : > etc/apt/sources.list; rm -rf etc/apt/sources.list.d/*
    echo 'deb [trusted=yes] copy:/srv/debian ./' > etc/apt/sources.list
    echo box > etc/hostname
    sed -i 's/pam_unix.so/pam_unix.so nodelay/' etc/pam.d/common-auth
    chroot . apt-get -qq update
    chroot . apt-get -qq -y install stock-a stock-b stock-c stock-d stock-asks stock-watches clock-one > /dev/null
    chroot . dpkg-query -W -f '${binary:Package}\t${Version}\n' > "$2"
    """#

  private static let changes = #"""
    set -e; umask 022; cd "$1"; export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    echo 'deb [trusted=yes] copy:/srv/vendor ./' > etc/apt/sources.list.d/vendor.list
    printf 'Types: deb\nURIs: copy:/srv/vendor\nSuites: ./\nTrusted: yes\n' > etc/apt/sources.list.d/vendor.sources
    chroot . apt-get -qq update
    chroot . apt-get -qq -y install vendor-tool added-held added-fails $(seq -f added-%02g 1 26) > /dev/null
    chroot . apt-get -qq -y install clock-two > /dev/null
    chroot . apt-get -qq -y remove stock-b stock-c > /dev/null
    chroot . apt-mark -qq hold added-held
    mkdir -p tmp/local/DEBIAN tmp/local/usr/share/local-notes
    printf 'Package: local-notes\nVersion: 1.0\nArchitecture: all\nMaintainer: An Administrator <root@localhost>\nDepends: added-00\nDescription: notes\n' \
      > tmp/local/DEBIAN/control
    echo 'It is old.' > 'tmp/local/usr/share/local-notes/a name'
    chroot . dpkg-deb -Znone --root-owner-group --build /tmp/local /tmp/local.deb > /dev/null
    chroot . dpkg -i /tmp/local.deb > /dev/null; rm -rf tmp/local tmp/local.deb
    for name in stock-a stock-d stock-asks; do echo '# mine' >> etc/$name.conf; done
    for user in anna carl dora; do chroot . useradd -m -s /bin/bash $user; echo letter > home/$user/letter; done
    chroot . useradd -m -s /bin/bash -G sudo berta
    echo anna:before | chroot . chpasswd
    chown -R 1000:1000 home/anna; chmod 700 home/anna; touch -d 2020-02-03T04:05:06Z home/anna/letter
    rm usr/sbin/policy-rc.d
    """#

  /// Of one changed system everything is copied.
  /// - Parameter including: packages besides the small ones; they are stock.
  init(including: [String] = []) async throws {
    directory = try TemporaryDirectory()
    let live = try await LiveRoot(variant: "apt", including: ["sudo", "login", "passwd"] + including)
    try await AccountRoot.shell(#"cp -a "$1" "$2""#, live.path, path)
    try await AccountRoot.shell(Self.stock, path, directory("stock.manifest"))
    try await AccountRoot.shell(#"cp -a "$1" "$2""#, path, directory("stock"))
    try await AccountRoot.shell(Self.changes, path)
  }

  /// The programs below `/usr`, most of the system, are the same files in every copy: dpkg puts new files in the place of old ones and
  /// never writes into one.
  init(copyOf other: ResetRunRoot) async throws {
    directory = try TemporaryDirectory()
    try await AccountRoot.shell(
      #"""
      mkdir "$2"; cd "$1"
      for name in *; do
        if [ "$name" = usr ]; then cp -al usr "$2"; else cp -a "$name" "$2"; fi || exit 1
      done
      cp "$3" "$4"
      """#, other.path, path, other.directory("stock.manifest"), directory("stock.manifest"))
  }

  static let selection = ["--with", "conffiles", "--with", "repositories"]
  static let allowed = ["--allow", "users", "--allow", "conffiles", "--allow", "repositories"]

  /// Runs `toolbox reset` on the root.
  func reset(_ words: String..., through: [String] = []) async throws -> ToolboxProcess.Outcome {
    let all = through + [ToolboxProcess.path, "reset"] + words + ["--root", path]
    return try await ToolboxProcess.run(path: all[0], Array(all.dropFirst()))
  }

  /// Makes and saves the plan, from the directory of the baseline; it is carried out from elsewhere.
  func savePlan(_ more: String...) async throws {
    let all =
      ["reset", "plan", "-o", plan, "--root", path, "--baseline", "stock.manifest"] + Self.selection + more
    let outcome = try await ToolboxProcess.run(all, workingDirectory: directory.path)
    guard outcome.status == 0 else { throw AccountRoot.Failure(description: outcome.errors) }
  }

  /// The command line that carries the saved plan out, with a file that takes the password as descriptor 9.
  func apply(_ more: String...) async throws -> ToolboxProcess.Outcome {
    try await withPassword(
      [ToolboxProcess.path, "reset", "apply", plan, "--yes", "--root", path] + Self.allowed + more)
  }

  /// The same, killed right after so many records of the journal.
  func apply(killedAfter number: Int, asGroup: Bool) async throws -> ToolboxProcess.Outcome {
    try await withPassword(
      [ToolboxProcess.path, "reset", "apply", plan, "--yes", "--root", path] + Self.allowed,
      environment: Self.killing(after: number, asGroup: asGroup))
  }

  private static func killing(after number: Int, asGroup: Bool) async throws -> [String: String] {
    var environment = ["LD_PRELOAD": try await killer.value()("killer.so"), "KILL_AFTER": String(number)]
    if asGroup { environment["KILL_GROUP"] = "1" }
    return environment
  }

  /// Takes the run back.
  /// - Parameter number: so many records of the undo's journals after which it is killed; nil lets it end.
  func undo(killedAfter number: Int? = nil, asGroup: Bool = false) async throws -> ToolboxProcess.Outcome {
    let environment =
      if let number { try await Self.killing(after: number, asGroup: asGroup) } else { [String: String]() }
    return try await ToolboxProcess.run(
      path: "/usr/bin/setsid", ["--wait", ToolboxProcess.path, "reset", "undo", "--yes", "--root", path],
      environment: environment)
  }

  func resume() async throws -> ToolboxProcess.Outcome {
    try await withPassword([ToolboxProcess.path, "reset", "resume", "--root", path])
  }

  private func withPassword(
    _ words: [String], environment: [String: String] = [:]
  ) async throws -> ToolboxProcess.Outcome {
    // In a group of its own, so that what kills the group kills nothing else.
    try await ToolboxProcess.run(
      path: "/usr/bin/setsid",
      ["--wait", "/bin/sh", "-c", #"umask 077; file=$1; shift; exec "$@" --backup-password-fd 9 9> "$file""#, "sh"]
        + [directory("password")] + words, environment: environment)
  }

  /// A line of the table of injected faults.
  static func row(_ fault: String, _ outcome: String) { print("reset: fault: \(fault): \(outcome)") }

  /// What must be equal: packages with their states and marks, accounts without hashes and dates, the configuration less what is
  /// made anew by programs, the homes.
  func state(of root: String? = nil, leavingOut: [String] = []) async throws -> String {
    let script = #"""
      cd "$1"; export LC_ALL=C.UTF-8
      chroot . dpkg-query -W -f '${Package}:${Architecture} ${Version} ${db:Status-Want} ${db:Status-Status}\n' | sort
      chroot . apt-mark showauto | sort | sed 's/^/auto /'
      cut -d: -f1,3-7 etc/passwd; cut -d: -f1,3,4 etc/group; cut -d: -f1,3,4 etc/gshadow; cut -d: -f1 etc/shadow
      cat etc/subuid etc/subgid
      find etc -type f ! -name '*-' ! -name ld.so.cache ! -name .pwd.lock ! -path 'etc/passwd' ! -path etc/shadow \
        ! -path etc/group ! -path etc/gshadow ! -path etc/subuid ! -path etc/subgid -print0 | sort -z | xargs -0 sha256sum
      find etc home ! -type f -printf '%p %y %U %G %m %l\n' | grep -v toolbox-reset | sort
      find home -type f ! -path 'home/rescue/*' -printf '%p %U %G %m %s %T@\n' | sed 's#toolbox-reset/[^/]*#toolbox-reset/RUN#' | sort
      """#
    let text = try await AccountRoot.shell(script, root ?? path)
    guard !leavingOut.isEmpty else { return text }
    return text.split(separator: "\n").filter { line in !leavingOut.contains { line.contains($0) } }
      .joined(separator: "\n")
  }

  /// The lines of the last run's journal.
  func journal() throws -> [JSONValue] {
    let base = path + "/var/lib/toolbox/reset"
    let runs = try FileManager.default.contentsOfDirectory(atPath: base).sorted().filter {
      FileManager.default.fileExists(atPath: "\(base)/\($0)/journal.jsonl")
    }
    guard let last = runs.last else { return [] }
    let text = try String(contentsOfFile: "\(base)/\(last)/journal.jsonl", encoding: .utf8)
    return try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
  }
}
