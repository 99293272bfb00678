import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import HostSystem

@Suite struct RootDirectoryTests {
  /// A root whose links try to leave it, in a directory that holds a secret beside it.
  private struct Fixture {
    let directory: TemporaryDirectory
    let root: RootDirectory
    let resolution: RootDirectory.Resolution

    init(_ resolution: RootDirectory.Resolution) throws {
      directory = try TemporaryDirectory()
      self.resolution = resolution
      try directory.write("secret", text: "outside")
      try directory.write("root/etc/passwd", text: "inside")
      try directory.write("root/etc/deep/er/file", text: "deep")
      try directory.write("root/secret", text: "inside secret")
      let links = [
        ("root/etc/absolute", "/etc/passwd"), ("root/etc/relative", "passwd"), ("root/etc/up", "../etc/./passwd"),
        ("root/etc/escape", "../../../../../../secret"), ("root/etc/host", directory("secret")),
        ("root/etc/shadow-of-host", "/etc/shadow"), ("root/etc/directory", "/etc/deep"),
        ("root/etc/top", "/"), ("root/etc/above", "../.."), ("root/etc/loop", "loop"), ("root/etc/ping", "pong"),
        ("root/etc/pong", "ping"), ("root/etc/dangling", "/nowhere"), ("root/etc/through", "directory/er/../er/file"),
        ("root/etc/slashes", "//etc///passwd"), ("root/etc/file-as-directory", "passwd/x"),
      ]
      for (name, target) in links {
        try #require(symlink(target, directory(name)) == 0)
      }
      root = RootDirectory(directory("root"))
    }

    /// The content of a file of a few bytes, or the number of the error.
    func content(_ path: String, flags: Int32 = O_RDONLY) -> String {
      do throws(FileError) {
        let descriptor = try root.open(path, flags: flags, resolvingWith: resolution)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? "read: \(errno)" : String(decoding: bytes[..<count], as: UTF8.self)
      } catch {
        return "open: \(error.code)"
      }
    }

    /// The device and inode that a path leads to.
    func place(_ path: String) throws -> [UInt64] {
      let descriptor = try root.open(path, flags: O_RDONLY | O_DIRECTORY, resolvingWith: resolution)
      defer { close(descriptor) }
      var status = stat()
      try #require(fstat(descriptor, &status) == 0)
      return [UInt64(status.st_dev), UInt64(status.st_ino)]
    }
  }

  @Test(arguments: RootDirectory.Resolution.allCases)
  func `links are followed inside the root`(resolution: RootDirectory.Resolution) throws {
    let fixture = try Fixture(resolution)
    for path in [
      "/etc/passwd", "etc/passwd", "//etc//passwd", "/etc/./passwd", "/etc/deep/../passwd", "/etc/absolute",
      "/etc/relative", "/etc/up", "/etc/slashes", "/etc/top/etc/top/etc/absolute", "/../../etc/passwd",
      "/etc/directory/../passwd",
    ] {
      #expect(fixture.content(path) == "inside", "\(path)")
    }
    #expect(fixture.content("/etc/directory/er/file") == "deep")
    #expect(fixture.content("/etc/through") == "deep")
  }

  @Test(arguments: RootDirectory.Resolution.allCases)
  func `nothing leads out of the root`(resolution: RootDirectory.Resolution) throws {
    let fixture = try Fixture(resolution)
    for path in [
      "/secret", "/../secret", "/../../../../secret", "/etc/escape", "/etc/above/secret", "/etc/top/../secret",
      "/etc/directory/../../../../secret",
    ] {
      #expect(fixture.content(path) == "inside secret", "\(path)")
    }
    #expect(fixture.content("/etc/host") == "open: \(ENOENT)")
    #expect(fixture.content("/etc/shadow-of-host") == "open: \(ENOENT)")
    let top = try fixture.place("/")
    for path in ["", ".", "/..", "/../..", "/etc/..", "/etc/top", "/etc/above", "/etc/above/..", "/etc/top/../.."] {
      #expect(try fixture.place(path) == top, "\(path)")
    }
  }

  @Test(arguments: RootDirectory.Resolution.allCases)
  func `loops and dead ends are errors`(resolution: RootDirectory.Resolution) throws {
    let fixture = try Fixture(resolution)
    #expect(fixture.content("/etc/loop") == "open: \(ELOOP)")
    #expect(fixture.content("/etc/ping") == "open: \(ELOOP)")
    #expect(fixture.content("/etc/ping/x") == "open: \(ELOOP)")
    #expect(fixture.content("/etc/dangling") == "open: \(ENOENT)")
    #expect(fixture.content("/etc/absent") == "open: \(ENOENT)")
    #expect(fixture.content("/absent/passwd") == "open: \(ENOENT)")
    #expect(fixture.content("/etc/passwd/x") == "open: \(ENOTDIR)")
    #expect(fixture.content("/etc/file-as-directory") == "open: \(ENOTDIR)")
    #expect(fixture.content("/etc/passwd/../passwd") == "open: \(ENOTDIR)")
    #expect(fixture.content("/" + String(repeating: "x", count: 300)) == "open: \(ENAMETOOLONG)")
  }

  @Test(arguments: RootDirectory.Resolution.allCases)
  func `a last link is not followed where the caller forbids it`(resolution: RootDirectory.Resolution) throws {
    let fixture = try Fixture(resolution)
    for path in ["/etc/absolute", "/etc/escape", "/etc/loop", "/etc/dangling", "/etc/top"] {
      #expect(fixture.content(path, flags: O_RDONLY | O_NOFOLLOW) == "open: \(ELOOP)", "\(path)")
    }
    #expect(fixture.content("/etc/directory/er/file", flags: O_RDONLY | O_NOFOLLOW) == "deep")
    #expect(fixture.content("/etc/passwd", flags: O_RDONLY | O_NOFOLLOW) == "inside")
    let link = try fixture.root.open(
      "/etc/absolute", flags: toolboxPathFlag | O_NOFOLLOW, resolvingWith: resolution)
    defer { close(link) }
    var status = stat()
    #expect(fstat(link, &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFLNK)
  }

  /// `O_PATH`, which the C library shows to GNU programs only.
  private let toolboxPathFlag: Int32 = 0o10_000_000

  @Test(arguments: RootDirectory.Resolution.allCases)
  func `forty links are followed and no more`(resolution: RootDirectory.Resolution) throws {
    let directory = try TemporaryDirectory()
    try directory.write("0", text: "end")
    for number in 1...41 { try #require(symlink("\(number - 1)", directory("\(number)")) == 0) }
    let root = RootDirectory(directory.path)
    let descriptor = try root.open("/40", flags: O_RDONLY, resolvingWith: resolution)
    close(descriptor)
    #expect(throws: FileError(path: directory("41"), code: ELOOP)) {
      try root.open("/41", flags: O_RDONLY, resolvingWith: resolution)
    }
  }

  @Test func `random paths lead to the same place both ways`() throws {
    let kernel = try Fixture(.kernel)
    let walk = try Fixture(.stepByStep)
    let words = [
      "etc", "deep", "er", "file", "passwd", "..", ".", "", "directory", "top", "above", "escape", "absolute",
      "through",
      "loop", "secret", "up",
    ]
    var state: UInt64 = 5
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var found = 0
    for _ in 0..<3000 {
      let path = "/" + (0...next(6)).map { _ in words[next(words.count)] }.joined(separator: "/")
      // A slash behind a file's name is where the two differ: the kernel wants a directory then.
      guard !path.hasSuffix("/") else { continue }
      let expected = kernel.content(path)
      #expect(walk.content(path) == expected, "\(path)")
      if expected.hasPrefix("inside") || expected == "deep" { found += 1 }
    }
    #expect(found > 30)
  }

  @Test func `a file is read whole, and absence is told apart from trouble`() throws {
    let fixture = try Fixture(.kernel)
    let root = fixture.root
    #expect(try root.read("/etc/absolute") == Array("inside".utf8))
    #expect(try root.readIfPresent("/etc/absent") == nil)
    #expect(try root.readIfPresent("/etc/passwd/x") == nil)
    #expect(throws: FileError(path: fixture.directory("root/etc/absent"), code: ENOENT)) {
      try root.read("/etc/absent")
    }
    #expect(throws: FileError(path: fixture.directory("root/etc"), code: EISDIR)) { try root.read("/etc") }
    #expect(throws: FileError(path: fixture.directory("root/etc"), code: EISDIR)) { try root.readIfPresent("/etc") }
    #expect(throws: FileError(path: fixture.directory("root/etc"), code: EISDIR)) { try root.map("/etc") }
    #expect(throws: FileError(path: fixture.directory("root/etc/loop"), code: ELOOP)) {
      try root.readIfPresent("/etc/loop")
    }
    #expect(root.exists("/etc/absolute") && root.exists("/etc") && root.exists("/"))
    #expect(!root.exists("/etc/dangling") && !root.exists("/etc/loop") && !root.exists("/etc/absent"))
    #expect(root.linkTarget("/etc/absolute") == "/etc/passwd")
    #expect(root.linkTarget("/etc/dangling") == "/nowhere")
    #expect(root.linkTarget("/etc/passwd") == nil)
    #expect(root.linkTarget("/etc/absent") == nil)
  }

  @Test func `a pipe neither blocks nor counts as a file`() throws {
    let directory = try TemporaryDirectory()
    try #require(mkfifo(directory("pipe"), 0o600) == 0)
    let root = RootDirectory(directory.path)
    #expect(throws: FileError(path: directory("pipe"), code: EINVAL)) { try root.read("/pipe") }
    #expect(throws: FileError(path: directory("pipe"), code: EINVAL)) { try root.map("/pipe") }
    #expect(throws: FileError(path: "/dev/null", code: EINVAL)) { try RootDirectory("/").read("/dev/null") }
  }

  @Test func `a file is read up to the limit`() throws {
    let directory = try TemporaryDirectory()
    let root = RootDirectory(directory.path)
    for size in [0, 1, 4095, 4096, 4097, 300_000] {
      let content = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
      try directory.write("file", content)
      #expect(try root.read("/file", limit: size) == content)
      #expect(try root.read("/file", limit: .max) == content)
      if size > 0 {
        #expect(throws: FileError(path: directory("file"), code: EFBIG)) { try root.read("/file", limit: size - 1) }
        #expect(throws: FileError(path: directory("file"), code: EFBIG)) { try root.map("/file", limit: size - 1) }
      }
    }
  }

  @Test func `a file that claims to be huge is refused without room being made for it`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("file", text: "")
    // Sparse: no block of it is on the disk.
    try #require(truncate(directory("file"), 8 << 40) == 0)
    let root = RootDirectory(directory.path)
    #expect(throws: FileError(path: directory("file"), code: EFBIG)) { try root.read("/file") }
    #expect(throws: FileError(path: directory("file"), code: EFBIG)) { try root.map("/file") }
  }

  @Test func `files of the kernel that say they are empty are read to their end`() throws {
    let host = RootDirectory("/")
    #expect(host.isHost)
    let status = try host.read("/proc/self/status")
    #expect(String(decoding: status, as: UTF8.self).contains("Pid:"))
    #expect(throws: FileError(path: "/proc/self/status", code: EFBIG)) { try host.read("/proc/self/status", limit: 10) }
    #expect(try host.map("/proc/self/status").count == 0)
  }

  @Test func `a mapped file gives its bytes`() throws {
    let directory = try TemporaryDirectory()
    let root = RootDirectory(directory.path)
    try directory.write("file", text: "content")
    try directory.write("empty", text: "")
    #expect(try root.map("/file").withBytes { Array($0) } == Array("content".utf8))
    #expect(try root.map("/empty").withBytes { Array($0) } == [])
    #expect(throws: FileError(path: directory("absent"), code: ENOENT)) { try root.map("/absent") }
  }

  @Test func `names of a directory are sorted by byte, hidden ones among them`() throws {
    let directory = try TemporaryDirectory()
    for name in ["b", "a", "B", ".hidden", "é", "a.b"] { try directory.write("d/" + name, text: "") }
    let root = RootDirectory(directory.path)
    #expect(try root.names(in: "/d") == [".hidden", "B", "a", "a.b", "b", "é"])
    #expect(try root.names(in: "/absent") == nil)
    #expect(try root.names(in: "/d/a") == nil)
  }

  @Test func `a root is named without slashes at its end`() {
    #expect(RootDirectory("/mnt//").path == "/mnt")
    #expect(RootDirectory("///").isHost)
    #expect(RootDirectory("/mnt/").hostPath("/etc/passwd") == "/mnt/etc/passwd")
    #expect(RootDirectory("/").hostPath("/etc/passwd") == "/etc/passwd")
    #expect(throws: FileError(path: "", code: ENOENT, action: "open")) { try RootDirectory("").read("/etc/passwd") }
    #expect(throws: FileError(path: "/nowhere/at/all", code: ENOENT, action: "open")) {
      try RootDirectory("/nowhere/at/all").read("/etc/passwd")
    }
  }

  @Test func `messages say what to do`() {
    #expect(FileError(path: "/f", code: ENOENT).message == "/f: not found")
    #expect(
      FileError(path: "/f", code: EACCES).message
        == "/f: cannot read: Permission denied; run as a user who may, or as root")
    #expect(FileError(path: "/f", code: EACCES).failureKind == .noPermission)
    #expect(FileError(path: "/f", code: EIO).failureKind == .failed)
  }
}
