import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import HostSystem

@Suite struct SecureDirectoryTests {
  private let temporary: TemporaryDirectory
  private let directory: SecureDirectory

  init() throws {
    temporary = try TemporaryDirectory()
    directory = try SecureDirectory.root(RootDirectory(temporary.path))
  }

  private func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: temporary(name))), as: UTF8.self)
  }

  @Test(arguments: ["", ".", "..", "a/b", "/", "a\u{0}b", "x/\u{301}y"])
  func `a name is one step and never a path`(name: String) throws {
    try temporary.write("a/b", text: "x")
    #expect(throws: FileError.self) { try directory.place(of: name) }
    #expect(throws: FileError.self) { try directory.remove(name) }
    #expect(throws: FileError.self) { try directory.removeTree(name) }
    #expect(throws: FileError.self) { try directory.move("a", to: directory, as: name) }
    #expect(try text("a/b") == "x")
  }

  @Test func `no link is followed on the way to a directory`() throws {
    try temporary.write("real/sub/file", text: "x")
    symlink("real", temporary("link"))
    let root = RootDirectory(temporary.path)
    #expect(try SecureDirectory.open("/real/sub", in: root) != nil)
    #expect(try SecureDirectory.open("/real/none", in: root) == nil)
    #expect(throws: FileError.self) { try SecureDirectory.open("/link/sub", in: root) }
    #expect(try SecureDirectory.open(following: "/link/sub", in: root) != nil)
  }

  @Test func `a move replaces nothing`() throws {
    try temporary.write("a", text: "a")
    try temporary.write("b", text: "b")
    #expect(throws: FileError(path: directory.path(of: "a"), code: EEXIST, action: "move")) {
      try directory.move("a", to: directory, as: "b")
    }
    let place = try #require(try directory.place(of: "a"))
    try directory.move("a", to: directory, as: "c")
    #expect(try directory.place(of: "c") == place && text("b") == "b")
  }

  @Test func `a file that is replaced keeps its mode, and a leftover of a cut run is cleared away`() throws {
    try temporary.write("file", text: "old")
    chmod(temporary("file"), 0o604)
    try temporary.write("file+", text: "half")
    try directory.replace("file", with: Array("new".utf8), temporary: "file+")
    #expect(try text("file") == "new")
    #expect(try directory.place(of: "file")?.mode == 0o604)
    #expect(try directory.place(of: "file+") == nil)
  }

  @Test func `neither a link nor what it leads to is written`() throws {
    try temporary.write("target", text: "old")
    symlink("target", temporary("link"))
    mkdir(temporary("folder"), 0o755)
    for name in ["link", "folder"] {
      #expect(throws: FileError.self) { try directory.replace(name, with: [1], temporary: "new+") }
    }
    #expect(try text("target") == "old" && directory.names() == ["folder", "link", "target"])
    #expect(throws: FileError.self) { try directory.read("link") }
    // The name beside may be a trap as well.
    symlink("target", temporary("trap+"))
    try directory.replace("file", with: Array("new".utf8), temporary: "trap+")
    #expect(try text("target") == "old" && text("file") == "new")
  }

  @Test func `a tree is removed whole, however deep, and nothing that a link leads to`() throws {
    try temporary.write("outside/file", text: "x")
    try temporary.write("tree/a/b/c/file", text: "x")
    try temporary.write("tree/a/other/file", text: "x")
    mkdir(temporary("tree/empty"), 0o700)
    symlink(temporary("outside"), temporary("tree/a/link"))
    symlink("../outside/file", temporary("tree/link"))
    mkfifo(temporary("tree/pipe"), 0o600)
    var deep = open(temporary("tree"), O_RDONLY | O_DIRECTORY)
    for _ in 0..<3000 {
      #expect(mkdirat(deep, "deep", 0o700) == 0)
      let next = openat(deep, "deep", O_RDONLY | O_DIRECTORY)
      close(deep)
      deep = next
    }
    close(deep)
    #expect(try directory.removeTree("tree"))
    #expect(try directory.names() == ["outside"])
    #expect(try text("outside/file") == "x")
    #expect(try directory.removeTree("tree") == false)
  }

  @Test func `a link is removed and not its tree`() throws {
    try temporary.write("outside/file", text: "x")
    symlink("outside", temporary("link"))
    #expect(try directory.removeTree("link"))
    #expect(try directory.names() == ["outside"] && text("outside/file") == "x")
  }

  @Test func `two holders of the lock of the account files exclude each other, and its file stays`() throws {
    try PasswordLock.holding(in: directory, seconds: 1) {
      _ = #expect(throws: PasswordLock.Failure.self) {
        try PasswordLock.holding(in: directory, seconds: 1) { Issue.record("two hold it") }
      }
    }
    try PasswordLock.holding(in: directory, seconds: 1) {}
    #expect(try directory.place(of: ".pwd.lock")?.mode == 0o600)
  }
}
