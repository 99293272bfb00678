import Testing

@testable import PerfProfiling

@Suite("Stacks and frames are kept once")
struct StackTableTests {
  @Test("An equal stack has the same number, and a caller a lower one")
  func interned() {
    var frames = FrameTable()
    var stacks = StackTable()
    let main = frames.number(of: Frame(name: "main"))
    let work = frames.number(of: Frame(name: "work"))
    let outer = stacks.stack(calling: main, from: StackTable.empty)
    let inner = stacks.stack(calling: work, from: outer)
    #expect(stacks.stack(calling: work, from: outer) == inner)
    #expect(outer < inner)
    #expect(stacks.frames(of: inner) == [main, work])
    #expect(stacks.frames(of: StackTable.empty).isEmpty)
    #expect(stacks.stack(calling: work, from: StackTable.empty) != inner)
  }

  @Test("Frames that differ in the object alone are two")
  func objects() {
    var frames = FrameTable()
    let one = frames.number(of: Frame(name: "read", object: "/lib/a.so"))
    let other = frames.number(of: Frame(name: "read", object: "/lib/b.so"))
    #expect(one != other)
    #expect(frames[one].object == "/lib/a.so")
    #expect(frames.number(of: Frame(name: "read", object: "/lib/a.so")) == one)
  }

  @Test(
    "Frames of every make come back as they were, each under its own number, also after the search for them was given up"
  )
  func everyFrame() {
    var made: [Frame] = []
    for kind in [Frame.Kind.user, .kernel, .guestKernel, .jit, .inlined, .label] {
      for name in [nil, "", "read", "ü"] {
        for object in [nil, "", "/lib/a.so"] {
          made.append(Frame(name: name, object: object, kind: kind))
          made.append(Frame(name: name, object: object, kind: kind, address: 0))
          made.append(Frame(name: name, object: object, kind: kind, address: .max, sourceLine: "a.c:1"))
        }
      }
    }
    var frames = FrameTable()
    let numbers = made.map { frames.number(of: $0) }
    #expect(numbers == Array(0..<Int32(made.count)))
    #expect(Array(frames.frames) == made)
    frames.trim()
    #expect(made.map { frames.number(of: $0) } == numbers)
    #expect(frames.number(of: Frame(name: "write")) == Int32(made.count))
  }

  @Test("A hundred thousand stacks are found again, also after the search for them was given up")
  func manyStacks() {
    var stacks = StackTable()
    func all() -> [Int32] {
      (0..<100_000).map { number in
        let outer = stacks.stack(calling: Int32(number % 300), from: StackTable.empty)
        return stacks.stack(calling: Int32(number), from: outer)
      }
    }
    let first = all()
    #expect(Set(first).count == 100_000)
    #expect(stacks.count == 100_301)
    #expect(all() == first)
    stacks.trim()
    #expect(all() == first)
    #expect(stacks.count == 100_301)
  }

  @Test("Pieces of text with equal hashes are told apart by their bytes and their meaning")
  func pieces() {
    var table = ByteKeyTable()
    let texts = (0..<200_000).map { String($0, radix: 36) } + [""]
    let numbers = texts.map { table.number(of: $0) }
    #expect(numbers == Array(0..<Int32(texts.count)))
    #expect(texts.map { table.number(of: $0) } == numbers)
    #expect(texts.indices.allSatisfy { String(decoding: table[$0], as: UTF8.self) == texts[$0] })
    let other = Array("10".utf8).withUnsafeBufferPointer { table.number(of: $0, isOther: true) }
    #expect(other == (Int32(texts.count), true))
  }

  @Test("What is left out is no longer counted as out")
  func accounting() {
    var accounting = SampleAccounting()
    accounting.samplesIn = 10
    accounting.leftOut["other events"] = 3
    accounting.leftOut["filtered"] = 2
    #expect(accounting.samplesOut == 5)
  }
}
