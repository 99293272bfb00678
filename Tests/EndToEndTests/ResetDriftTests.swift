import FoundationEssentials
import TestSupport
import Testing

/// What the plan says of a real system that somebody changed besides its packages.
@Suite struct ResetDriftTests {
  private struct Plan: Decodable {
    struct Drift: Decodable {
      struct Entry: Decodable {
        let path: String?
        let name: String?
        let unit: String?
        let uri: String?
        let from: String?
        let pin: String?
        let state: String?
        let problem: String?
      }
      let conffiles: [Entry]
      let repositories: [Entry]
      let keys: [Entry]
      let pins: [Entry]
      let services: [Entry]
      let alternatives: [Entry]
      let diversions: [Entry]
      let statoverrides: [Entry]
      let unowned: [Entry]
    }
    let drift: Drift
  }

  private func drift(_ root: LiveRoot) async throws -> Plan.Drift {
    let outcome = try await ToolboxProcess.run(["reset", "--dry-run", "--json", "--root", root.path])
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try JSONDecoder().decode(Plan.self, from: Data(outcome.output.utf8)).drift
  }

  @Test(.enabled(if: LiveRoot.obstacle == nil, "\(LiveRoot.obstacle ?? "")"))
  func `a fresh system has no drift, a changed one has what was changed`() async throws {
    let root: LiveRoot
    do {
      root = try await LiveRoot(variant: "important")
    } catch let absence as LiveRoot.NotCarried {
      print("a real system: skipped: \(absence)")
      return
    }
    let fresh = try await drift(root)
    #expect(fresh.conffiles.isEmpty)
    #expect(fresh.repositories.isEmpty)
    #expect(fresh.keys.isEmpty)
    #expect(fresh.pins.isEmpty)
    #expect(fresh.services.isEmpty)
    #expect(fresh.alternatives.isEmpty)
    #expect(fresh.diversions.isEmpty)
    #expect(fresh.statoverrides.allSatisfy { $0.problem == nil })
    #expect(fresh.unowned.isEmpty)

    try await root.run(
      "sh", "-e", "-c",
      """
      echo '# mine' >> /etc/bash.bashrc
      rm /etc/issue.net
      echo 'deb [signed-by=/etc/apt/keyrings/v.asc] https://me:secret@vendor.example/apt stable main' \
        > /etc/apt/sources.list.d/vendor.list
      mkdir -p /etc/apt/keyrings /etc/apt/preferences.d /opt/vendor
      echo key > /etc/apt/keyrings/v.asc
      printf 'Package: *\\nPin: release a=unstable\\nPin-Priority: 10\\n' > /etc/apt/preferences.d/mine
      update-alternatives --set awk /usr/bin/mawk
      dpkg-divert --local --rename --divert /bin/x.orig --add /bin/x
      groupadd gone && dpkg-statoverride --add root gone 750 /srv && groupdel gone
      systemctl mask e2scrub_reap.service
      systemctl disable fstrim.timer
      echo x > /opt/vendor/x
      echo x > /usr/local/bin/mine
      """)
    let before = try await root.fingerprint()
    let changed = try await drift(root)
    #expect(try await root.fingerprint() == before)

    // dpkg's own comparison must name the same files, no more and no less.
    let verified = try await ToolboxProcess.run(path: "/usr/sbin/chroot", [root.path, "dpkg", "--verify"])
    let expected = verified.output.split(separator: "\n").filter { $0.contains(" c /") }
      .compactMap { $0.split(separator: " ").last.map(String.init) }.sorted()
    #expect(expected == ["/etc/bash.bashrc", "/etc/issue.net"])
    #expect(changed.conffiles.compactMap(\.path) == expected)
    #expect(changed.conffiles.compactMap(\.state) == ["changed", "missing"])
    #expect(changed.repositories.compactMap(\.uri) == ["https://vendor.example/apt"])
    #expect(changed.keys.compactMap(\.path) == ["/etc/apt/keyrings/v.asc"])
    #expect(changed.pins.compactMap(\.pin) == ["release a=unstable"])
    #expect(
      changed.services.map { "\($0.unit ?? "") \($0.state ?? "")" } == [
        "e2scrub_reap.service masked", "fstrim.timer disabled",
      ])
    #expect(changed.alternatives.compactMap(\.name) == ["awk"])
    #expect(changed.diversions.compactMap(\.from) == ["/bin/x"])
    #expect(
      changed.statoverrides.compactMap(\.problem) == ["group 'gone' does not exist: every run of dpkg will fail"])
    #expect(changed.unowned.compactMap(\.path) == ["/opt/vendor", "/usr/local/bin/mine"])
  }
}
