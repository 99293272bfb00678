import FoundationEssentials
import TestSupport
import Testing

@testable import DebianPackages

@Suite struct DependencyGraphTests {
  /// A record line: `name[:arch][ multi-arch] | field: value | ...`, of version 1 and for amd64 where nothing is said.
  private func graph(_ lines: String...) throws(Deb822Error) -> DependencyGraph {
    try graph(
      ofRecord: lines.map { line in
        let parts = line.split(separator: ";").map { $0.drop { $0 == " " } }
        let name = parts[0].split(separator: ":")
        let fields = parts.dropFirst().map { "\($0)\n" }.joined()
        let version = fields.contains("Version:") ? "" : "Version: 1\n"
        return
          "Package: \(name[0])\nStatus: install ok installed\nArchitecture: \(name.count > 1 ? name[1] : "amd64")\n"
          + version + fields + "\n"
      }.joined())
  }

  private func graph(ofRecord text: String) throws(Deb822Error) -> DependencyGraph {
    DependencyGraph(try parseStatus(text).packages, nativeArchitecture: "amd64")
  }

  private func ids(_ graph: DependencyGraph, _ indices: some Sequence<Int>) -> [String] {
    indices.map { index in
      let id = graph.packages[index].id
      return id.architecture == "amd64" ? id.name : id.description
    }
  }

  private func satisfiers(_ graph: DependencyGraph, _ relation: String, from architecture: String = "amd64") throws
    -> [String]
  {
    let groups = withBytes(Array(relation.utf8)) { (buffer) throws(Never) in PackageRelation.groups(buffer) }
    let parsed = try #require(groups?.first?.first)
    return ids(graph, graph.satisfiers(of: parsed, architecture: architecture))
  }

  // MARK: Satisfiers

  @Test func `a relation without architecture asks for the same one`() throws {
    let graph = try graph("a", "a:i386", "b:i386", "doc:all")
    #expect(try satisfiers(graph, "a") == ["a"])
    #expect(try satisfiers(graph, "a", from: "i386") == ["a:i386"])
    #expect(try satisfiers(graph, "b") == [])
    #expect(try satisfiers(graph, "doc") == ["doc:all"])
    #expect(try satisfiers(graph, "a", from: "all") == ["a"])
  }

  @Test func `packages for all architectures count as native ones`() throws {
    let graph = try graph("doc:all", "tool:all; Multi-Arch: foreign", "lib:all; Multi-Arch: allowed")
    #expect(try satisfiers(graph, "doc", from: "i386") == [])
    #expect(try satisfiers(graph, "tool", from: "i386") == ["tool:all"])
    #expect(try satisfiers(graph, "lib", from: "i386") == [])
    #expect(try satisfiers(graph, "lib:any", from: "i386") == ["lib:all"])
    #expect(try satisfiers(graph, "doc:native", from: "i386") == ["doc:all"])
    #expect(try satisfiers(graph, "doc:all", from: "i386") == ["doc:all"])
    #expect(try satisfiers(graph, "doc:amd64", from: "i386") == ["doc:all"])
  }

  @Test(arguments: [
    ("no", "a", false), ("same", "a", false), ("foreign", "a", true), ("allowed", "a", false),
    ("no", "a:any", false), ("same", "a:any", false), ("foreign", "a:any", true), ("allowed", "a:any", true),
    ("foreign", "a:i386", true), ("foreign", "a:amd64", false), ("same", "a:i386", true), ("no", "a:native", false),
  ])
  func `what a package of another architecture may stand for`(multiArch: String, relation: String, holds: Bool) throws {
    let graph = try graph("a:i386; Multi-Arch: \(multiArch)")
    #expect(try satisfiers(graph, relation) == (holds ? ["a:i386"] : []))
  }

  @Test func `versions must hold`() throws {
    let graph = try graph("a; Version: 1:2-0")
    #expect(try satisfiers(graph, "a (= 1:2)") == ["a"])
    #expect(try satisfiers(graph, "a (>> 1:2)") == [])
    #expect(try satisfiers(graph, "a (>= 9)") == ["a"])
  }

  @Test func `a versioned relation needs a versioned Provides`() throws {
    let graph = try graph("mta; Version: 9; Provides: mail", "other; Provides: mail (= 3)", "mail; Version: 2")
    #expect(try satisfiers(graph, "mail") == ["mail", "mta", "other"])
    #expect(try satisfiers(graph, "mail (>= 3)") == ["other"])
    #expect(try satisfiers(graph, "mail (<< 3)") == ["mail"])
    #expect(try satisfiers(graph, "mail (>= 9)") == [])
  }

  @Test func `a provider of another architecture must be foreign`() throws {
    let graph = try graph("x:i386; Provides: virtual", "y:i386; Multi-Arch: foreign; Provides: virtual")
    #expect(try satisfiers(graph, "virtual") == ["y:i386"])
  }

  @Test func `a package that provides a name twice, or its own, stands there once`() throws {
    let graph = try graph("a; Provides: a, v, v (= 2), v (= 3)", "b; Provides: v")
    #expect(try satisfiers(graph, "a") == ["a"])
    #expect(try satisfiers(graph, "v") == ["a", "b"])
    #expect(try satisfiers(graph, "v (= 3)") == ["a"])
  }

  @Test func `packages that are not present satisfy nothing`() throws {
    let graph = try graph(
      ofRecord: "Package: a\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: amd64\nProvides: v\n\n"
        + "Package: b\nStatus: install ok half-configured\nVersion: 1\nArchitecture: amd64\n\n")
    #expect(graph.packages.map(\.id.name) == ["b"])
    #expect(try satisfiers(graph, "a") == [])
    #expect(try satisfiers(graph, "v") == [])
    #expect(graph.index(of: PackageID(name: "b", architecture: "amd64")) == 0)
    #expect(graph.index(of: PackageID(name: "a", architecture: "amd64")) == nil)
    #expect(graph.indices(named: "b") == [0])
    #expect(graph.indices(named: "a") == [])
  }

  // MARK: Closure

  private func closure(
    _ graph: DependencyGraph, of roots: [String], withRecommends: Bool = false, chosen: Set<String> = [],
    extending previous: DependencyGraph.Closure? = nil
  ) -> DependencyGraph.Closure {
    graph.closure(
      of: roots.flatMap { graph.indices(named: $0) }, withRecommends: withRecommends, extending: previous,
      isChosenByPerson: { chosen.contains(graph.packages[$0].id.name) })
  }

  private func names(_ graph: DependencyGraph, _ closure: DependencyGraph.Closure) -> [String] {
    ids(graph, graph.packages.indices.filter { closure.contains($0) })
  }

  private func chain(_ graph: DependencyGraph, _ closure: DependencyGraph.Closure, to name: String) -> [String] {
    graph.indices(named: name).first.map { ids(graph, closure.chain(to: $0)) } ?? []
  }

  @Test func `a closure holds what its roots need, in turn, with the reason`() throws {
    let graph = try graph(
      "root; Pre-Depends: pre; Depends: dep; Recommends: rec; Suggests: sug", "pre", "dep; Depends: deep", "deep",
      "rec",
      "sug", "outside")
    let hard = closure(graph, of: ["root"])
    #expect(names(graph, hard) == ["root", "pre", "dep", "deep"])
    #expect(hard.links == [.root, .preDepends(of: 0), .depends(of: 0), .depends(of: 2), nil, nil, nil])
    #expect(chain(graph, hard, to: "deep") == ["root", "dep", "deep"])
    #expect(chain(graph, hard, to: "root") == ["root"])
    #expect(chain(graph, hard, to: "outside") == [])
    let soft = closure(graph, of: ["root"], withRecommends: true)
    #expect(names(graph, soft) == ["root", "pre", "dep", "deep", "rec"])
    #expect(soft.links[4] == .recommends(of: 0))
  }

  @Test func `circles end`() throws {
    let graph = try graph("a; Depends: b", "b; Depends: c, b", "c; Pre-Depends: a", "d; Depends: d")
    let found = closure(graph, of: ["b", "d"])
    #expect(names(graph, found) == ["a", "b", "c", "d"])
    #expect(chain(graph, found, to: "a") == ["b", "c", "a"])
  }

  @Test func `all automatic alternatives count`() throws {
    let graph = try graph("root; Depends: a | b | gone", "a", "b")
    #expect(names(graph, closure(graph, of: ["root"])) == ["root", "a", "b"])
  }

  @Test func `a chosen package beside an automatic one stays chosen`() throws {
    let graph = try graph("root; Recommends: exim | mta", "exim; Provides: mta", "postfix; Provides: mta")
    #expect(names(graph, closure(graph, of: ["root"], withRecommends: true, chosen: ["postfix"])) == ["root", "exim"])
    #expect(
      names(graph, closure(graph, of: ["root"], withRecommends: true, chosen: ["exim"])) == ["root", "postfix"])
  }

  @Test func `of several chosen packages the first that is named counts, and without one all`() throws {
    let named = try graph("root; Depends: gone | a | b | v", "a; Provides: v", "b", "c; Provides: v")
    #expect(names(named, closure(named, of: ["root"], chosen: ["a", "b", "c"])) == ["root", "a"])
    let virtual = try graph("root; Depends: v", "a; Provides: v", "b; Provides: v")
    #expect(names(virtual, closure(virtual, of: ["root"], chosen: ["a", "b"])) == ["root", "a", "b"])
  }

  @Test func `the only package that satisfies a group comes in even when it was chosen`() throws {
    let graph = try graph("root; Depends: gone | postfix", "postfix")
    #expect(names(graph, closure(graph, of: ["root"], chosen: ["postfix"])) == ["root", "postfix"])
  }

  @Test func `a choice that another package makes decides the group`() throws {
    let graph = try graph("root; Depends: a | b, other", "a", "b", "other; Depends: late", "late; Depends: b")
    #expect(names(graph, closure(graph, of: ["root"], chosen: ["a", "b"])) == ["root", "b", "other", "late"])
    // The first group's choice decides the second.
    let chained = try self.graph("root; Depends: a | b, b | c, c | a", "a", "b", "c")
    #expect(names(chained, closure(chained, of: ["root"], chosen: ["a", "b", "c"])) == ["root", "a", "b"])
    // What a choice pulls in is followed before the next choice is made.
    let deep = try self.graph("root; Depends: a | x, b | c", "a; Depends: c", "x", "b", "c")
    #expect(names(deep, closure(deep, of: ["root"], chosen: ["a", "b", "c", "x"])) == ["root", "a", "c"])
  }

  @Test func `a chosen root is a root`() throws {
    let graph = try graph("root; Depends: a | b", "a", "b")
    #expect(names(graph, closure(graph, of: ["root", "b"], chosen: ["b"])) == ["root", "a", "b"])
    #expect(names(graph, closure(graph, of: ["root", "b"], chosen: ["a", "b"])) == ["root", "b"])
  }

  @Test func `an excluded package stays outside whatever asks for it`() throws {
    let graph = try graph("root; Depends: a | b, c", "a", "b", "c; Depends: d", "d")
    let excluded = Set(["a", "c"].flatMap { graph.indices(named: $0) })
    let found = graph.closure(
      of: graph.packages.indices.prefix(2), withRecommends: false, excluding: excluded, isChosenByPerson: { _ in true })
    #expect(names(graph, found) == ["root", "b"])
  }

  @Test func `a closure is extended without asking again`() throws {
    let graph = try graph(
      "stock; Recommends: soft", "soft", "rule; Depends: stock, need; Recommends: more", "need", "more")
    let stock = closure(graph, of: ["stock"], withRecommends: true)
    let kept = closure(graph, of: ["rule"], extending: stock)
    #expect(names(graph, kept) == ["stock", "soft", "rule", "need"])
    #expect(kept.links[0] == .root)
    #expect(chain(graph, kept, to: "need") == ["rule", "need"])
  }

  @Test func `what depends on the native architecture of a foreign library is followed by architecture`() throws {
    let graph = try graph(
      "wine:i386; Depends: libc6, tool, doc", "libc6; Multi-Arch: same", "libc6:i386; Multi-Arch: same",
      "tool; Multi-Arch: foreign", "doc:all; Multi-Arch: foreign")
    #expect(
      names(graph, closure(graph, of: ["wine"])) == ["wine:i386", "libc6:i386", "tool", "doc:all"])
  }

  // MARK: Dependents

  private func dependents(_ graph: DependencyGraph, _ removed: String...) -> [String: String] {
    let found = graph.dependents(ofRemoving: Set(removed.flatMap { graph.indices(named: $0) }))
    return Dictionary(
      uniqueKeysWithValues: found.map { (graph.packages[$0.key].id.name, graph.packages[$0.value].id.name) })
  }

  @Test func `what needs a removed package goes with it, in turn`() throws {
    let graph = try graph(
      "lib", "app; Depends: lib", "suite; Pre-Depends: app", "fan; Recommends: lib", "broken; Depends: gone")
    #expect(dependents(graph, "lib") == ["app": "lib", "suite": "app"])
    #expect(dependents(graph, "suite") == [:])
    #expect(graph.dependents(ofRemoving: []) == [:])
  }

  @Test func `an alternative goes only when its last satisfier goes`() throws {
    let graph = try graph("a", "b; Provides: v", "app; Depends: a | v | a")
    #expect(dependents(graph, "a") == [:])
    #expect(dependents(graph, "b") == [:])
    #expect(dependents(graph, "a", "b") == ["app": "a"])
    #expect(dependents(graph, "a", "b", "app") == [:])
  }

  @Test func `circles of removal end`() throws {
    let graph = try graph("a; Depends: b", "b; Depends: a", "own; Depends: virtual; Provides: virtual")
    #expect(dependents(graph, "a") == ["b": "a"])
  }

  @Test func `what remains after a removal and its dependents is whole`() throws {
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<60 {
      let lines = (0..<30).map { number in
        let groups = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
          (0..<Int.random(in: 1...3, using: &generator)).map { _ in "p\(Int.random(in: 0..<34, using: &generator))" }
            .joined(separator: " | ")
        }
        return "Package: p\(number)\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\nDepends: "
          + groups.joined(separator: ", ") + "\nProvides: p\(Int.random(in: 30..<34, using: &generator))\n\n"
      }
      let graph = try graph(ofRecord: lines.joined())
      let removed = Set((0..<4).map { _ in Int.random(in: 0..<30, using: &generator) })
      let gone = removed.union(graph.dependents(ofRemoving: removed).keys)
      func satisfiers(_ group: [PackageRelation]) -> Set<Int> {
        Set(group.flatMap { graph.satisfiers(of: $0, architecture: "amd64") })
      }
      for (index, package) in graph.packages.enumerated() {
        let breaks = package.depends.map(satisfiers).contains { !$0.isEmpty && $0.isSubset(of: gone) }
        if gone.contains(index) {
          #expect(breaks || removed.contains(index))
        } else {
          #expect(!breaks)
        }
      }
      // And the closure of what remains loses nothing.
      let all = graph.closure(of: [0, 1], withRecommends: false)
      for index in graph.packages.indices where all.contains(index) {
        for group in graph.packages[index].depends.map(satisfiers) where !group.isEmpty {
          #expect(group.contains { all.contains($0) })
        }
        #expect(all.chain(to: index).last == index)
      }
    }
  }

  // MARK: Size

  @Test(.timeLimit(.minutes(1)))
  func `long chains, wide groups and many choices are closed at once`() throws {
    let count = 20_000
    func stanza(_ name: String, _ fields: String) -> String {
      "Package: \(name)\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\(fields)\n\n"
    }
    // Each link of the chain is an alternative, so that every step is a decision; the file has it back to front.
    let chain = (0..<count).reversed().map { stanza("p\($0)", "Depends: p\($0 + 1) | p\($0 + 1)x, q\($0)a | q\($0)b") }
    let choices = (0..<count).map { stanza("q\($0)a", "Provides: v") + stanza("q\($0)b", "Provides: v") }
    let wide = stanza("wide", "Depends: " + (0..<count).map { "q\($0)a" }.joined(separator: " | ") + ", v")
    let graph = try graph(ofRecord: chain.joined() + choices.joined() + wide)
    let chosen = graph.closure(of: graph.indices(named: "p0"), withRecommends: true, isChosenByPerson: { _ in true })
    #expect(graph.packages.indices.count { chosen.contains($0) } == count * 2)
    let automatic = graph.closure(of: graph.indices(named: "p0"), withRecommends: true)
    #expect(graph.packages.indices.count { automatic.contains($0) } == count * 3)
    let all = graph.closure(of: graph.indices(named: "wide"), withRecommends: true)
    #expect(graph.packages.indices.count { all.contains($0) } == count * 2 + 1)
    #expect(all.chain(to: graph.packages.count - 1).count == 1)
    #expect(automatic.chain(to: try #require(graph.indices(named: "p\(count - 1)").first)).count == count)
    #expect(graph.dependents(ofRemoving: Set(graph.indices(named: "p\(count - 1)"))).count == count - 1)
  }

  // MARK: Records of real systems

  private func shared(_ name: String) throws -> DependencyGraph {
    let path = try #require(SharedCases.path("reset/" + name))
    let status = try parseStatus([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    return DependencyGraph(status.packages, nativeArchitecture: "i386")
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/apt"), Comment(rawValue: SharedCases.reason)))
  func `a package that an essential one needs is in the closure of the essential ones`() throws {
    let path = try #require(SharedCases.path("reset/apt/status-bug-601961-install-info"))
    let status = try parseStatus([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
    let native = try #require(status.packages.first { $0.id.name == "dpkg" }).id.architecture
    let graph = DependencyGraph(status.packages, nativeArchitecture: native)
    let essential = graph.packages.indices.filter { graph.packages[$0].isEssential }
    let found = graph.closure(
      of: essential, withRecommends: false, isChosenByPerson: { graph.packages[$0].id.name == "install-info" })
    #expect(Set(names(graph, found).map { $0.prefix { $0 != ":" } }) == ["findutils", "dpkg", "essentialpkg"])
    #expect(graph.dependents(ofRemoving: Set(graph.indices(named: "install-info"))) == [:])
    #expect(graph.dependents(ofRemoving: Set(graph.indices(named: "essentialpkg"))).count == 1)
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/apt-clone"), Comment(rawValue: SharedCases.reason)))
  func `the metapackages of a desktop explain all but nine of its packages`() throws {
    let graph = try shared("apt-clone/dpkg-status-ubuntu-maverick")
    let roots = graph.packages.indices.filter { index in
      let package = graph.packages[index]
      return package.isEssential || package.priority.map { $0 <= .standard } ?? false
        || ["ubuntu-desktop", "ubuntu-standard", "ubuntu-minimal"].contains(package.id.name)
    }
    let found = graph.closure(of: roots, withRecommends: true)
    let others = graph.packages.indices.filter { !found.contains($0) }.map { graph.packages[$0].id.name }
    #expect(
      Set(others) == [
        "linux-image-generic", "linux-image-2.6.35-23-generic", "linux-image-2.6.35-25-generic", "linux-firmware",
        "wireless-crda", "grub", "grub-common", "os-prober", "openssh-server",
      ])
    for package in ["ubuntu-desktop", "libc6"] {
      let index = try #require(graph.indices(named: package).first)
      #expect(found.contains(index))
    }
  }

  @Test(.enabled(if: SharedCases.isPresent("reset/apt"), Comment(rawValue: SharedCases.reason)))
  func `removals of libraries reach init`() throws {
    let graph = try shared("apt/status-bug-lp1347721-dpkg-ordering")
    let gone = graph.dependents(ofRemoving: Set(graph.indices(named: "libpng12-0") + graph.indices(named: "libdrm2")))
    let names = Set(gone.keys.map { graph.packages[$0].id.name })
    #expect(names.isSuperset(of: ["plymouth", "mountall", "initramfs-tools", "udev", "upstart"]))
  }
}
