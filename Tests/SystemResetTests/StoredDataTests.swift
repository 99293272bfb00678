import HostSystem
import Testing

@testable import SystemReset

/// Data of people that packages keep: named, and never deleted.
@Suite struct StoredDataTests {
  @Test(arguments: [
    ("rm -rf /var/lib/thing", ["/var/lib/thing"]),
    ("  rm -r -- \"/srv/a\" '/srv/b/' # /srv/c", ["/srv/a", "/srv/b"]),
    ("[ \"$1\" = purge ] && rm -fr /var/lib/snmp", ["/var/lib/snmp"]),
    ("/bin/rm --recursive \\\n  /opt/thing/data", ["/opt/thing/data"]),
    ("if true; then rm -Rf /var/lib/thing/*; fi", ["/var/lib/thing"]),
    ("rm -f /var/lib/thing/file", []),
    ("rm -rf /var/cache/thing /etc/thing /usr/share/thing", []),
    ("rm -rf \"/var/lib/postgresql/$VERSION/$1/\" $DIRECTORY", []),
    ("echo rm; rmdir /var/lib/thing", []),
    ("# rm -rf /var/lib/thing", []),
    ("rm -rf", []),
  ])
  func `what a script deletes is read from its text`(script: String, trees: [String]) {
    #expect(PurgeScript.deletedTrees("#!/bin/sh\nset -e\n" + script + "\n") == trees)
  }

  @Test func `the shipped table names packages and absolute directories`() {
    let table = DataPackages.shipped
    for (name, directory) in [
      ("postgresql-15", "/var/lib/postgresql"), ("mariadb-server", "/var/lib/mysql"),
      ("mysql-server-8.0", "/var/lib/mysql"), ("mongodb-org-server", "/var/lib/mongodb"),
      ("redis-server", "/var/lib/redis"), ("couchdb", "/var/lib/couchdb"), ("slapd", "/var/lib/ldap"),
      ("docker.io", "/var/lib/docker"), ("docker-ce", "/var/lib/docker"), ("containerd.io", "/var/lib/containerd"),
      ("podman", "/var/lib/containers"), ("lxc", "/var/lib/lxc"), ("libvirt-daemon-system", "/var/lib/libvirt"),
      ("samba", "/var/lib/samba"), ("gitlab-ce", "/var/opt/gitlab"),
    ] { #expect(table.directories(of: name).contains(directory), "\(name)") }
    #expect(table.directories(of: "vim") == [] && table.directories(of: "mariadb-client") == [])
    #expect(table.entries.count > 40)
    for entry in table.entries {
      #expect(!entry.names.isEmpty && !entry.directories.isEmpty)
      #expect(entry.directories.allSatisfy { $0.hasPrefix("/") && !$0.hasSuffix("/") })
    }
  }

  private func system() throws -> FixtureSystem {
    var system = try FixtureSystem()
    system.add("postgresql", "Depends: postgresql-15")
    system.add("postgresql-15", auto: true)
    system.add("redis-server")
    system.add("mariadb-server", state: "deinstall ok config-files")
    system.add("vim", state: "deinstall ok config-files")
    system.add("state")
    // Its program shares a directory with a database, and deletes it.
    system.add("shared-tools")
    try system.write("var/lib/dpkg/info/shared-tools.postrm", "#!/bin/sh\nrm -rf /var/lib/postgresql\n")
    try system.write("var/lib/postgresql/15/main/PG_VERSION", "15\n")
    try system.write("var/lib/mysql/ibdata1", "x")
    try system.write("var/lib/state/file", "x")
    try system.write("var/lib/dpkg/info/state.postrm", "#!/bin/sh\nrm -rf /var/lib/state /var/lib/nothing\n")
    return system
  }

  @Test func `a purge leaves packages with data of people removed, and says where that is`() throws {
    var selection = Selection()
    selection.purge = true
    let plan = try system().plan(selection)
    #expect(
      Dictionary(plan.packages.remove.map { ($0.name, $0.purge) }, uniquingKeysWith: { first, _ in first })
        == [
          "postgresql": false, "postgresql-15": false, "redis-server": true, "vim": true, "state": true,
          "shared-tools": false,
        ])
    let told = plan.warnings.filter { ["data-stays", "purge-deletes"].contains($0.id) }
    #expect(told.map(\.id) == ["data-stays", "purge-deletes"])
    #expect(told.first?.subject.hasSuffix("/var/lib/postgresql") == true)
    #expect(
      told.first?.message
        == "what postgresql, postgresql-15 stored there stays: a purge could delete it, so they are only removed")
    #expect(told.last?.subject == "state" && told.last?.message.contains("/var/lib/state with") == true)
  }

  @Test func `without a purge the data is named too`() throws {
    let plan = try system().plan()
    #expect(plan.packages.remove.allSatisfy { !$0.purge })
    let told = plan.warnings.filter { ["data-stays", "purge-deletes"].contains($0.id) }
    #expect(told.map(\.message) == ["what postgresql, postgresql-15 stored there stays"])
  }
}
