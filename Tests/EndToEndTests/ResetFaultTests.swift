import Foundation
import Glibc
import TestSupport
import Testing

/// What goes wrong around a run: each ends in a named state, from which it goes on or is taken back.
@Suite(.serialized, .enabled(if: ResetRunRoot.obstacle == nil, Comment(rawValue: ResetRunRoot.obstacle ?? "")))
struct ResetFaultTests {
  private func lines(_ text: String) -> Set<Substring> { Set(text.split(separator: "\n")) }

  private func row(_ fault: String, _ outcome: String) { ResetRunRoot.row(fault, outcome) }

  private func makeSystem() async throws -> ResetRunRoot {
    try await ResetRunRoot(copyOf: try await ResetRunRoot.changed.value())
  }

  @Test func `a lock that is held is waited for`() async throws {
    let system = try await makeSystem()
    try await system.savePlan()
    for path in ["/var/lib/dpkg/lock-frontend", "/etc/.pwd.lock"] {
      try await AccountRoot.shell(#"touch "$1"; chmod 600 "$1""#, system.path + path)
    }
    // struct flock: the kind, from where, the range; the lock goes with the process.
    let hold = #"""
      perl -e 'for (@ARGV) { open(my $file, "+<", $_) or die; push @files, $file;
          my $lock = pack("s s x4 q q i x4", 1, 0, 0, 0, 0);
          fcntl($file, 6, $lock) or die }
        open(my $ready, ">", "$ARGV[0].ready"); close($ready); sleep 20' \
        "$1/var/lib/dpkg/lock-frontend" "$1/etc/.pwd.lock" > /dev/null 2>&1 < /dev/null &
      until [ -e "$1/var/lib/dpkg/lock-frontend.ready" ]; do kill -0 $!; sleep 0.05; done
      rm "$1/var/lib/dpkg/lock-frontend.ready"
      """#
    try await AccountRoot.shell("set -e;" + hold, system.path)
    let begin = ContinuousClock.now
    let done = try await system.apply()
    let waited = ContinuousClock.now - begin
    #expect(done.status == 0, "\(done.errors)")
    #expect(waited > .seconds(15))
    #expect(FileManager.default.fileExists(atPath: system.path + "/var/lib/dpkg/lock-frontend"))
    row("locks of dpkg and of the accounts held for 20 s", "waited, then done")
  }

  @Test func `an updater at work and people who are logged in forbid a run`() async throws {
    let system = try await makeSystem()
    let before = try await system.state()
    try await system.savePlan()
    let started = try await AccountRoot.shell(
      #"""
      printf '#!/bin/sh\nwhile sleep 1; do :; done\n' > "$1/tmp/unattended-upgrade"
      setsid chroot "$1" /bin/sh /tmp/unattended-upgrade > /dev/null 2>&1 < /dev/null & process=$!
      until tr '\0' ' ' < /proc/$process/cmdline | grep -q '^/bin/sh /tmp/unattended'; do kill -0 $process; sleep 0.05; done
      echo $process
      """#, system.path)
    let updater = try #require(Int32(started.filter { $0.isNumber }))
    let updating = try await system.apply()
    #expect(updating.status == 75, "\(updating.errors)")
    #expect(updating.errors.contains("unattended-upgrade is at work (process \(updater))"))
    kill(-updater, SIGKILL)
    row("an unattended upgrade at work", "refused with 75")

    // A record of utmp: USER_PROCESS, a process that lives, the name.
    try await AccountRoot.shell(
      #"rm -f "$1/tmp/unattended-upgrade"; mkdir -p "$1/run"; perl -e 'print pack("s x2 l a32 a4 a32 x308", 7, $ARGV[0], "pts/0", "ts/0", "carl")' "$2" > "$1/run/utmp""#,
      system.path, String(getpid()))
    let loggedIn = try await system.apply()
    #expect(loggedIn.status == 3, "\(loggedIn.errors)")
    #expect(loggedIn.errors.contains("carl is logged in and would be taken away"))
    row("an account that would go is logged in", "refused with 3")
    try await AccountRoot.shell(
      #"rm "$1/run/utmp"; mkdir -p "$1/run/systemd/users"; printf 'NAME=dora\nSTATE=active\n' > "$1/run/systemd/users/$(chroot "$1" id -u dora)""#,
      system.path)
    let session = try await system.apply()
    #expect(session.status == 3 && session.errors.contains("dora is logged in"), "\(session.errors)")
    try await AccountRoot.shell(
      #"rm -r "$1/run/systemd/users"; mkdir -p "$1/etc/timeshift" "$1/etc/systemd/system/multi-user.target.wants"; echo '{}' > "$1/etc/timeshift/timeshift.json"; ln -s /lib/systemd/system/puppet.service "$1/etc/systemd/system/multi-user.target.wants/puppet.service""#,
      system.path)
    #expect(
      try await lines(system.state()).subtracting(lines(before)).allSatisfy {
        $0.contains("timeshift") || $0.contains("puppet") || $0.contains("systemd/system")
      })
    let warned = try await system.reset("apply", system.plan, "--yes")
    #expect(warned.status == 64)
    #expect(warned.errors.contains("Puppet manages this system"), "\(warned.errors)")
    #expect(warned.errors.contains("Timeshift is set up here"))
  }

  @Test func `a full disk at any stage loses nothing`() async throws {
    let undisturbed = try await makeSystem()
    try await undisturbed.savePlan()
    try #require(try await undisturbed.apply().status == 0)
    let expected = lines(try await undisturbed.state())
    let count = try undisturbed.journal().count
    for number in stride(from: 2, to: count, by: max(1, count / 6)) {
      let system = try await makeSystem()
      try await system.savePlan()
      let place = system.path + "/var/lib/toolbox"
      try await AccountRoot.shell(#"mkdir -p -m 700 "$1"; mount -t tmpfs -o size=192m,mode=700 tmpfs "$1""#, place)
      do {
        let killed = try await system.apply(killedAfter: number, asGroup: false)
        #expect(killed.status == 128 + SIGKILL, "\(killed.errors)")
        try await AccountRoot.shell(#"cat /dev/zero > "$1/fill" 2> /dev/null || true"#, place)
        let full = try await system.resume()
        #expect(full.status == 1, "record \(number): \(full.status) \(full.errors)")
        #expect(full.errors.contains("No space left on device"), "\(full.errors)")
        try FileManager.default.removeItem(atPath: place + "/fill")
        let resumed = try await system.resume()
        #expect(resumed.status == 0, "record \(number): \(resumed.errors)")
        let differs = lines(try await system.state()).symmetricDifference(expected)
        #expect(differs.isEmpty, "record \(number)")
        row(
          "disk full after record \(number) of \(count)",
          "\(full.status), then resumed to \(differs.isEmpty ? "the same end" : "another end")")
      } catch {
        try await AccountRoot.shell(#"umount -l "$1""#, place)
        throw error
      }
      try await AccountRoot.shell(#"umount -l "$1""#, place)
    }
    // Too small from the start.
    let system = try await makeSystem()
    let before = try await system.state()
    try await system.savePlan()
    let place = system.path + "/var/lib/toolbox"
    try await AccountRoot.shell(#"mkdir -p -m 700 "$1"; mount -t tmpfs -o size=8m,mode=700 tmpfs "$1""#, place)
    let refused = try await system.apply()
    try await AccountRoot.shell(#"umount -l "$1"; rmdir "$1""#, place)
    #expect(refused.status == 3, "\(refused.errors)")
    #expect(refused.errors.contains("MiB are needed"), "\(refused.errors)")
    #expect(lines(try await system.state()) == lines(before))
    row("no room from the start", "refused with 3")
  }

  @Test func `a mirror that goes after the download is not missed`() async throws {
    let undisturbed = try await makeSystem()
    try await undisturbed.savePlan()
    try #require(try await undisturbed.apply().status == 0)
    let expected = lines(try await undisturbed.state())
    let journal = try undisturbed.journal()
    let steps = journal.first?["beginning"]?["steps"]?.elements ?? []
    let step = try #require(steps.first { $0["kind"]?.string == "download" })
    let number = try #require(journal.firstIndex { $0["record"]?.string == "done" && $0["step"] == step["id"] }) + 1
    let system = try await makeSystem()
    try await system.savePlan()
    #expect(try await system.apply(killedAfter: number, asGroup: false).status == 128 + SIGKILL)
    let archive = system.path + "/srv/debian"
    try FileManager.default.moveItem(atPath: archive, toPath: archive + ".away")
    let resumed = try await system.resume()
    #expect(resumed.status == 0, "\(resumed.errors)")
    try FileManager.default.moveItem(atPath: archive + ".away", toPath: archive)
    #expect(lines(try await system.state()).symmetricDifference(expected).isEmpty)
    row("mirror gone after the download", "done")
  }

  @Test func `what is a link, cannot be had or was damaged since is named`() async throws {
    let system = try await makeSystem()
    // A package on hold whose version no archive has, with a conffile that was changed; a file on a file system of its own.
    try await AccountRoot.shell(
      #"""
      set -e; cd "$1"; export DEBIAN_FRONTEND=noninteractive
      mkdir -p tmp/own etc/mounted; chroot . dpkg-deb -R /srv/debian/stock-d_1.0_all.deb /tmp/own/stock-d
      sed -i 's/^Version:.*/Version: 1.0+own/' tmp/own/stock-d/DEBIAN/control
      chroot . dpkg-deb -Znone --root-owner-group --build /tmp/own/stock-d /tmp/own/stock-d.deb > /dev/null
      chroot . dpkg --force-confold -i /tmp/own/stock-d.deb > /dev/null; rm -r tmp/own
      chroot . apt-mark -qq hold stock-d; ln -s /bin/true usr/sbin/policy-rc.d
      mount -t tmpfs tmpfs etc/mounted; echo kept > etc/mounted/file
      """#, system.path)
    try await system.savePlan()
    let linked = try await system.apply()
    #expect(linked.status == 3, "\(linked.errors)")
    #expect(linked.errors.contains("\(system.path)/usr/sbin/policy-rc.d: a symbolic link"), "\(linked.errors)")
    row("policy-rc.d of a root is a symbolic link", "refused with 3")

    try FileManager.default.removeItem(atPath: system.path + "/usr/sbin/policy-rc.d")
    let done = try await system.apply()
    let saved = try await AccountRoot.shell(
      #"umount "$1/etc/mounted"; tar -xOf "$1"/var/lib/toolbox/reset/*/bundle/etc.tar etc/mounted/file"#, system.path)
    try #require(done.status == 0, "\(done.errors)")
    #expect(saved == "kept\n")
    #expect(
      done.output.contains("/etc/stock-d.conf: its package cannot be had in the version that is installed"),
      "\(done.output)")
    row("a changed conffile of a version that no archive has", "left as it is, and named")

    try await AccountRoot.shell(
      #"printf x | dd conv=notrunc bs=1 seek=200 status=none of="$(ls "$1"/var/lib/toolbox/reset/*/bundle/packages/local-notes*)""#,
      system.path)
    let undone = try await system.reset("undo", "--yes")
    #expect(undone.status == 0, "\(undone.errors)")
    #expect(undone.output.contains("kept in packages/local-notes_1.0_all.repacked.deb"), "\(undone.output)")
    let packages = try await system.state()
    #expect(!packages.contains("local-notes:all 1.0 install ok installed"))
    #expect(packages.contains("added-26:all 1.0 install installed"))
    row("a package in the bundle is damaged", "named by the undo, which brings back the rest")
  }

  @Test func `a package that no archive has and that cannot be copied stays, with all the others`() async throws {
    let system = try await makeSystem()
    let before = try await system.state()
    // dpkg no longer knows which files it has.
    try FileManager.default.removeItem(atPath: system.path + "/var/lib/dpkg/info/local-notes.list")
    try await system.savePlan()
    let refused = try await system.apply()
    #expect(refused.status == 1, "\(refused.errors)")
    #expect(refused.errors.contains("no archive has local-notes:all"), "\(refused.errors)")
    #expect(try await system.state() == before)
    #expect(try await system.reset("undo", "--yes").status == 0)
    try await system.savePlan("--keep", "local-notes")
    let done = try await system.apply()
    #expect(done.status == 0, "\(done.errors)")
    #expect(try await system.state().contains("local-notes:all 1.0 install installed"))
  }

  @Test func `names that a shell or a terminal would take amiss go through a reset and back`() async throws {
    let system = try await makeSystem()
    try await AccountRoot.shell(
      #"""
      set -e; cd "$1"; export DEBIAN_FRONTEND=noninteractive
      # A package that no archive has: its files begin with a dash, end a command, and are no UTF-8.
      mkdir -p tmp/odd/DEBIAN "tmp/odd/usr/share/odd names" tmp/odd/etc
      printf 'Package: odd-names\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <root@localhost>\nDescription: odd\n' > tmp/odd/DEBIAN/control
      for name in '-rf' 'a;touch pwned' '$(touch pwned)' "$(printf 'red\033[31m')" "$(printf 'caf\351')" "it's"; do
        echo "$name" > "tmp/odd/usr/share/odd names/$name"
      done
      ln -s '/nowhere;touch pwned' 'tmp/odd/usr/share/odd names/dangling'
      echo mine > 'tmp/odd/etc/-odd name;.conf'; echo '/etc/-odd name;.conf' > tmp/odd/DEBIAN/conffiles
      chroot . dpkg-deb -Znone --root-owner-group --build /tmp/odd /tmp/odd.deb > /dev/null
      chroot . dpkg -i /tmp/odd.deb > /dev/null; rm -r tmp/odd tmp/odd.deb
      # An account and a home that no program would make.
      name=$(printf 'da ve;touch pwned\033[31m'); home=$(printf '/home/-x $(touch pwned)\033[31m')
      printf '%s:x:1777:1777:A;B:%s:/bin/bash\n' "$name" "$home" >> etc/passwd
      printf '%s:x:1777:\n' "$name" >> etc/group; printf '%s:!::\n' "$name" >> etc/gshadow
      printf '%s:!:19000:0:99999:7:::\n' "$name" >> etc/shadow
      mkdir -m 700 ".$home"; echo letter > ".$home/$(printf 'two\nlines')"; echo letter > ".$home/-rf"; chown -R 1777:1777 ".$home"
      """#, system.path)
    let listing =
      #"cd "$1"; find 'usr/share/odd names' home/* ! -path '*rescue*' -printf '%p %y %U %G %m %s %l\n' | LC_ALL=C sort"#
    // An account file with control characters in it is damaged for every program that reads it.
    try await system.savePlan()
    let damaged = try await system.apply()
    #expect(
      damaged.status == 65 && damaged.errors.contains("a control character stands in the line"), "\(damaged.errors)")
    var said = damaged.output + damaged.errors
    try await AccountRoot.shell(
      #"""
      set -e; cd "$1"; escape=$(printf '\033'); sed -i "s/${escape}\[31m//g" etc/passwd etc/group etc/gshadow etc/shadow
      mv ".$(printf '/home/-x $(touch pwned)\033[31m')" './home/-x $(touch pwned)'
      """#, system.path)
    let (before, files) = (try await system.state(), try await AccountRoot.shell(listing, system.path))
    try await system.savePlan()
    for words in [["--dry-run", "--baseline", system.directory("stock.manifest")], ["users", "list"]] {
      let outcome = try await ToolboxProcess.run(["reset"] + words + ["--root", system.path])
      #expect(outcome.status == 0, "\(outcome.errors)")
      said += outcome.output + outcome.errors
    }
    let done = try await system.apply()
    try #require(done.status == 0, "\(done.errors)")
    #expect(try await !AccountRoot.shell(#"ls "$1/home""#, system.path).contains("touch"))
    #expect(try await !system.state().contains("odd-names:all 1.0 install installed"))
    let undone = try await system.undo()
    #expect(undone.status == 0, "\(undone.errors)")
    said += done.output + done.errors + undone.output + undone.errors
    #expect(said.contains("odd-names") && !said.contains("\u{1B}"), "\(said)")
    #expect(try await AccountRoot.shell(#"find "$1" -name 'pwned*'"#, system.path) == "")
    // The account that was made stays.
    let differs = lines(try await system.state()).symmetricDifference(lines(before)).filter {
      !$0.contains("rescue") && !$0.hasPrefix("sudo:")
    }
    #expect(differs.isEmpty)
    #expect(try await AccountRoot.shell(listing, system.path) == files)
    row("names with blanks, dashes, semicolons, line breaks and escape codes", "done and undone, shown harmless")
  }

  @Test func `a script that asks does not hang it`() async throws {
    let system = try await makeSystem()
    try await AccountRoot.shell(
      #"DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get -qq -y remove stock-asks > /dev/null"#, system.path)
    try await system.savePlan()
    let begin = ContinuousClock.now
    let done = try await system.apply()
    #expect(done.status == 0, "\(done.errors)")
    #expect(ContinuousClock.now - begin < .seconds(120))
    #expect(try await system.state().contains("stock-asks:all 1.0 install"))
    row("a postinst that asks", "done without an answer")
  }

  @Test func `homes that are not what they seem are left alone and named`() async throws {
    let system = try await makeSystem()
    try await AccountRoot.shell(
      #"""
      set -e; cd "$1"
      for user in linked mounted first second foreign; do chroot . useradd -m -s /bin/bash $user; done
      rm -r home/linked; ln -s /etc home/linked
      mkdir home/mounted/inner; mount --bind etc home/mounted/inner
      sed -i 's#:/home/second:#:/home/first:#' etc/passwd
      chown 4242:4242 home/foreign
      chroot . useradd -M -d / -s /bin/bash rooted
      """#, system.path)
    do {
      let hash =
        #"cd "$1"; find etc usr bin/ lib/ -xdev -type f ! -path 'etc/*passwd*' ! -path 'etc/*shadow*' ! -path 'etc/*group*' ! -path 'etc/sub?id*' ! -path 'etc/apt/*' ! -path 'etc/stock-*' ! -path 'etc/clock*' ! -path 'etc/added-*' ! -path 'etc/vendor*' ! -path 'usr/share/*' ! -name ld.so.cache -print0 | sort -z | xargs -0 sha256sum"#
      let before = try await AccountRoot.shell(hash, system.path)
      try await system.savePlan()
      let done = try await system.apply()
      #expect(done.status == 0, "\(done.errors)\(done.output)")
      #expect(try await AccountRoot.shell(hash, system.path) == before)
      let plan = try String(contentsOfFile: system.plan, encoding: .utf8)
      let accounts = try String(contentsOfFile: system.path + "/etc/passwd", encoding: .utf8)
      for name in ["linked", "mounted", "first", "second", "foreign", "rooted"] {
        let line = accounts.split(separator: "\n").first { $0.hasPrefix(name + ":") } ?? ""
        #expect(line.hasSuffix(":/bin/bash"), "\(name): \(line)")
        #expect(plan.contains(#""\#(name)""#) || done.output.contains(name), "\(name) is not named")
        row("home of \(name)", "left alone")
      }
      #expect(FileManager.default.fileExists(atPath: system.path + "/home/first"))
    } catch {
      try await AccountRoot.shell(#"umount -l "$1/home/mounted/inner""#, system.path)
      throw error
    }
    try await AccountRoot.shell(#"umount -l "$1/home/mounted/inner""#, system.path)
  }
}
