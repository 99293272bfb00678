import Configuration
import HostSystem
import SystemReset

/// passwd and group, apart by a NUL byte: each line is an account or a group, as it stands there.
@Sendable func fuzzAccountFiles(_ bytes: UnsafeBufferPointer<UInt8>) {
  let files = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
  let (passwd, group) = (files[0], files.count > 1 ? files[1] : files[0][0..<0])
  _ = UserIDRange(loginDefinitions: Array(passwd), adduserConfiguration: Array(group))
  guard let accounts = try? Accounts(passwd: passwd, group: group) else { return }
  func lines(_ file: Slice<UnsafeBufferPointer<UInt8>>) -> [String] {
    file.split(separator: 0x0A).filter { $0.first != 0x2B && $0.first != 0x2D }.map {
      String(decoding: $0, as: UTF8.self)
    }
  }
  require(accounts.users.count == lines(passwd).count, "an account is lost")
  require(accounts.groups.count == lines(group).count, "a group is lost")
  for (user, line) in zip(accounts.users, lines(passwd)) {
    require(line.utf8.starts(with: "\(user.name):".utf8), "an account has another name")
  }
  for user in accounts.users.prefix(20) { require(accounts.user(user.uid)?.uid == user.uid) }
  for (group, line) in zip(accounts.groups, lines(group)).prefix(20) {
    let list = line.utf8.split(separator: 0x3A, omittingEmptySubsequences: false)[3]
    require(group.members.count == list.split(separator: 0x2C).count, "a member is lost")
    require(Set(accounts.members(ofGroup: group.name)).isSuperset(of: group.members))
  }
}

/// os-release: its values, written in double quotes and read again, are the same.
@Sendable func fuzzOSRelease(_ bytes: UnsafeBufferPointer<UInt8>) {
  let release = OSRelease(parsing: bytes)
  require(!release.id.isEmpty)
  _ = (release.like, release.name, release.versionID, release.codename)
  var text = ""
  for (name, value) in release.fields {
    text += name + "=\""
    for scalar in value.unicodeScalars {
      if scalar == "\\" || scalar == "\"" { text += "\\" }
      text.unicodeScalars.append(scalar)
    }
    text += "\"\n"
  }
  require(OSRelease(parsing: text.utf8) == release, "written out it reads otherwise")
}

/// The administrator's policy: what is accepted holds only what its keys may hold, each with its place.
@Sendable func fuzzResetPolicy(_ bytes: UnsafeBufferPointer<UInt8>) {
  guard let policy = try? ResetPolicy(parsing: Array(bytes), path: "policy") else { return }
  let words = policy.keep + policy.remove + policy.protectUsers + [policy.baseline].compactMap { $0 }
  require(words.allSatisfy { !$0.value.isEmpty && $0.place.hasPrefix("policy:") })
  require(policy.keepKernels.map { $0.value >= 1 } ?? true)
}

/// Text for people, days, and the line of a medium: nothing harmful is left over, and a day is written as it is read.
@Sendable func fuzzText(_ bytes: UnsafeBufferPointer<UInt8>) {
  let text = String(decoding: bytes, as: UTF8.self)
  let harmless = text.harmless
  require(harmless.harmless == harmless, "what is harmless changes again")
  require(harmless.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
  if let day = CalendarDay(text) {
    require(day.description == text, "a day is written otherwise")
    require(CalendarDay(daysSinceEpoch: day.daysSinceEpoch) == day && (0...6).contains(day.weekday))
    require(CalendarDay(year: day.year, month: day.month, day: day.day) == day && !day.spelledOut.isEmpty)
  }
  if let medium = MediaInfo(parsing: bytes) {
    _ = (medium.version, medium.codename)
    if let date = medium.date { require(CalendarDay(date) != nil) }
  }
}
